//! Driving servers: one operation over many connections for some seconds, and two servers in turn.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Failure;
use crate::children::Server;
use crate::http::Connection;
use crate::workload::{Material, Operation};

/// What a server may take to fill its caches, before it is measured.
pub const WARM_UP: Duration = Duration::from_millis(300);

/// A server, and what it is asked for.
pub struct Side {
    pub server: Server,
    pub material: Arc<Material>,
}

/// One measurement.
#[derive(Clone, Copy)]
pub struct Cell {
    /// Requests a second, or rows of batches.
    pub per_second: f64,
    pub p50_us: f64,
    pub p99_us: f64,
    /// The mean length of an answer's body.
    body_bytes: f64,
    /// Requests for each second of processor time that the server took.
    pub per_cpu_second: f64,
}

impl Side {
    /// Asks for a contact, once.
    pub async fn first_answer(&self) -> Result<(), Failure> {
        let get = self.material.request(Operation::Get);
        let mut connection = Connection::open(self.server.address).await?;
        let (status, body) = connection.send(&get).await?;
        if status != 200 {
            return Err(String::from_utf8_lossy(body).into_owned().into());
        }
        Ok(())
    }

    /// The memory that the server holds once it has started, answered, and done nothing for a second, in MiB.
    pub async fn idle_mib(&self) -> Result<f64, Failure> {
        self.first_answer().await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(self.server.resident_mib())
    }

    /// Drives one operation.
    pub async fn drive(&self, operation: Operation, time: Duration) -> Result<Cell, Failure> {
        let cpu = self.server.cpu_seconds();
        let begun = Instant::now();
        let mut tasks = Vec::new();
        for _ in 0..operation.connections() {
            let material = Arc::clone(&self.material);
            let mut connection = Connection::open(self.server.address).await?;
            tasks.push(tokio::spawn(async move {
                let (mut taken, mut bytes) = (Vec::new(), 0);
                while begun.elapsed() < time {
                    let request = material.request(operation);
                    let sent = Instant::now();
                    let (status, body) = connection.send(&request).await?;
                    taken.push(sent.elapsed());
                    bytes += body.len();
                    if !(200..300).contains(&status) {
                        let body = String::from_utf8_lossy(body);
                        return Err(format!("{}: {status} {body}", operation.name()).into());
                    }
                }
                Ok::<_, Failure>((taken, bytes))
            }));
        }
        let (mut taken, mut bytes) = (Vec::new(), 0);
        for task in tasks {
            let (of_one, bytes_of_one) = task.await??;
            taken.extend(of_one);
            bytes += bytes_of_one;
        }
        let elapsed = begun.elapsed().as_secs_f64();
        let cpu = self.server.cpu_seconds() - cpu;
        taken.sort_unstable();
        let rank = |share: f64| taken[((taken.len() - 1) as f64 * share) as usize];
        let requests = taken.len() as f64;
        Ok(Cell {
            per_second: requests * operation.rows() as f64 / elapsed,
            p50_us: rank(0.5).as_secs_f64() * 1e6,
            p99_us: rank(0.99).as_secs_f64() * 1e6,
            body_bytes: bytes as f64 / requests,
            per_cpu_second: requests / cpu,
        })
    }
}

/// One operation, on Relm and on what it is compared with: a cell of each in every round.
pub struct Compared {
    pub operation: Operation,
    rounds: Vec<(Cell, Cell)>,
}

/// Measures two servers in turn, so that what else the machine does meets both.
pub async fn compare(
    ours: &Side,
    floor: &Side,
    operation: Operation,
    rounds: usize,
    time: Duration,
) -> Result<Compared, Failure> {
    ours.drive(operation, WARM_UP).await?;
    floor.drive(operation, WARM_UP).await?;
    let mut measured = Vec::new();
    for _ in 0..rounds.max(1) {
        let ours = ours.drive(operation, time).await?;
        let floor = floor.drive(operation, time).await?;
        // A floor that answers with less than was asked for is no floor.
        if floor.body_bytes < ours.body_bytes / 2.0 {
            let (floor, ours) = (floor.body_bytes, ours.body_bytes);
            let name = operation.name();
            return Err(format!("{name}: {floor:.0} bytes from the floor, {ours:.0} of us").into());
        }
        measured.push((ours, floor));
    }
    Ok(Compared {
        operation,
        rounds: measured,
    })
}

impl Compared {
    /// The median over the rounds of what `of` says of Relm.
    pub fn ours(&self, of: fn(&Cell) -> f64) -> f64 {
        median(self.rounds.iter().map(|(ours, _)| of(ours)).collect())
    }

    /// The same of the floor.
    pub fn floor(&self, of: fn(&Cell) -> f64) -> f64 {
        median(self.rounds.iter().map(|(_, floor)| of(floor)).collect())
    }

    /// The ratio in each round: the median, the least and the greatest.
    pub fn ratio(&self, of: fn(&Cell) -> f64) -> [f64; 3] {
        let rounds = self.rounds.iter();
        let ratios: Vec<f64> = rounds.map(|(ours, floor)| of(ours) / of(floor)).collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = ratios.iter().copied().fold(0.0, f64::max);
        [median(ratios), least, greatest]
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    match values.as_slice() {
        [] => f64::NAN,
        values => {
            let middle = values.len() / 2;
            (values[middle] + values[(values.len() - 1) / 2]) / 2.0
        }
    }
}
