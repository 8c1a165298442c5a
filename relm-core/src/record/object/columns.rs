//! How the columns of an object are declared, once: for stores, and for whoever builds filters of them.

/// Declares the columns of an object, and of each that holds a value what [filters](crate::record::filter::Filterable) are built with.
///
/// ```text
/// columns! { Deal:
///     title: text(TEXT_CHARS_MAX, |it: &Self| Some(&it.title)).required();
///     deal_type as "type": text(TEXT_CHARS_MAX, |it: &Self| Some(&it.deal_type));
/// }
/// ```
///
/// expands to
///
/// ```text
/// impl Columns for Deal {
///     const COLUMNS: &'static [ColumnOf<Self>] = &[
///         Column::text("title", TEXT_CHARS_MAX, |it: &Self| Some(&it.title)).required(),
///         Column::text("type", TEXT_CHARS_MAX, |it: &Self| Some(&it.deal_type)),
///     ];
/// }
/// impl Deal {
///     pub const fn id() -> Filterable<Id> { Filterable::column("id") }
///     pub const fn title() -> Filterable<String> { Filterable::column("title") }
///     pub const fn deal_type() -> Filterable<String> { Filterable::column("type") }
/// }
/// ```
macro_rules! columns {
    ($record:ident: $($name:ident $(as $column:literal)?: $of:ident($($given:expr),+ $(,)?)$(.$with:ident($($how:expr)?))*;)+) => {
        impl $crate::record::column::Columns for $record {
            const COLUMNS: &'static [$crate::record::column::ColumnOf<Self>] = &[
                $($crate::record::column::Column::$of(columns!(@name $name $($column)?), $($given),+)$(.$with($($how)?))*,)+
            ];
        }

        /// What lists are filtered by.
        impl $record {
            columns!(@filter id "id" Id);
            $(columns!(@$of $name $($column)?);)+
        }
    };
    (@name $name:ident) => { stringify!($name) };
    (@name $name:ident $column:literal) => { $column };
    (@text $($name:tt)+) => { columns!(@filter $($name)+ String); };
    (@id $($name:tt)+) => { columns!(@filter $($name)+ Id); };
    (@integer $($name:tt)+) => { columns!(@filter $($name)+ i64); };
    (@date $($name:tt)+) => { columns!(@filter $($name)+ Date); };
    (@timestamp $($name:tt)+) => { columns!(@filter $($name)+ Timestamp); };
    // No client sees these.
    (@key $name:ident) => {};
    (@awaited $name:ident) => {};
    (@json $name:ident) => {};
    (@filter $name:ident $value:ident) => {
        columns!(@filter $name stringify!($name), $value);
    };
    (@filter $name:ident $column:literal $value:ident) => {
        columns!(@filter $name $column, $value);
    };
    (@filter $name:ident $column:expr, $value:ident) => {
        #[doc = concat!("Filters by `", $column, "`.")]
        pub const fn $name() -> $crate::record::filter::Filterable<$value> {
            $crate::record::filter::Filterable::column($column)
        }
    };
}
pub(super) use columns;
