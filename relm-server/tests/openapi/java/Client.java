// A client that openapi-generator makes for Java, against a server that runs: RELM_URL, RELM_KEY.

import java.util.List;
import java.util.Map;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.ApiResponse;
import org.openapitools.client.api.ContactsApi;
import org.openapitools.client.model.*;

public class Client {
    public static void main(String[] arguments) throws Exception {
        ApiClient client = new ApiClient();
        client.updateBaseUri(System.getenv("RELM_URL"));
        client.setRequestInterceptor(
                request -> request.header("Authorization", "Bearer " + System.getenv("RELM_KEY")));
        ContactsApi contacts = new ContactsApi(client);

        ContactCreate create = new ContactCreate().email("ada@java.example").firstName("Ada").metadata(Map.of("plan", "pro"));
        Contact ada = contacts.contactsCreate(creating(create));
        check(ada.getMetadata().equals(Map.of("plan", "pro")), ada);
        Contact grace = contacts.contactsCreate(
                creating(new ContactCreate().email("grace@java.example").firstName("Grace")));

        ContactsApi.APIContactsListRequest query = ContactsApi.APIContactsListRequest.newBuilder()
                .filterEmailIn(List.of("ada@java.example", "grace@java.example"))
                .filterFirstNameNeq("Ada")
                .filterCreatedAtGte(ada.getCreatedAt())
                .build();
        ContactList found = contacts.contactsList(query);
        check(found.getData().size() == 1 && found.getData().get(0).getId().equals(grace.getId()), found);

        ContactBatchCreate rows = new ContactBatchCreate()
                .addContactsItem(new ContactCreate().email("ADA@java.example").lastName("Lovelace"))
                .addDedupOnItem("email");
        ContactsApi.APIContactsBatchRequest batch = ContactsApi.APIContactsBatchRequest.newBuilder()
                .contactBatchCreate(rows)
                .idempotencyKey("batch-java")
                .build();
        ContactBatch first = contacts.contactsBatch(batch);
        ApiResponse<ContactBatch> again = contacts.contactsBatchWithHttpInfo(batch);
        check(first.getUpdated() == 1 && again.getData().equals(first), again.getData());
        check(again.getHeaders().containsKey("idempotent-replayed"), again.getHeaders());

        try {
            contacts.contactsCreate(creating(new ContactCreate().email("ada@java.example")));
            check(false, "an address is taken once");
        } catch (ApiException refused) {
            check(refused.getCode() == 409, refused);
            ErrorResponse error = client.getObjectMapper().readValue(refused.getResponseBody(), ErrorResponse.class);
            check(error.getError().getCode() == ErrorCode.CONFLICT, error);
            check(ada.getId().equals(error.getError().getExistingId()), error);
        }

        ContactUpdate change = new ContactUpdate().firstName("Augusta").metadata(Map.of("seats", 2));
        ContactsApi.APIContactsUpdateRequest.Builder update = ContactsApi.APIContactsUpdateRequest.newBuilder()
                .id(ada.getId())
                .contactUpdate(change)
                .ifMatch("\"2\"");
        Contact dry = contacts.contactsUpdate(update.relmDryRun(true).build());
        check(dry.getVersion() == 3, dry);
        Contact updated = contacts.contactsUpdate(update.relmDryRun(null).build());
        check(updated.getVersion() == 3 && updated.getMetadata().size() == 2, updated);
        try {
            contacts.contactsUpdate(update.build());
            check(false, "the version has moved on");
        } catch (ApiException refused) {
            check(refused.getCode() == 412, refused);
        }
    }

    private static ContactsApi.APIContactsCreateRequest creating(ContactCreate contact) {
        return ContactsApi.APIContactsCreateRequest.newBuilder().contactCreate(contact).build();
    }

    private static void check(boolean holds, Object what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
