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
        Contact ada = contacts.contactsCreate(create, null);
        check(ada.getMetadata().equals(Map.of("plan", "pro")), ada);
        Contact grace = contacts.contactsCreate(new ContactCreate().email("grace@java.example").firstName("Grace"), null);

        ContactsApi.APIContactsListRequest query = ContactsApi.APIContactsListRequest.newBuilder()
                .filterEmailIn(List.of("ada@java.example", "grace@java.example"))
                .filterFirstNameNeq("Ada")
                .filterCreatedAtGte(ada.getCreatedAt())
                .build();
        ContactList found = contacts.contactsList(query);
        check(found.getData().size() == 1 && found.getData().get(0).getId().equals(grace.getId()), found);

        ContactBatchCreate rows = new ContactBatchCreate()
                .addContactsItem(new ContactCreate().email("ADA@java.example").lastName("Lovelace"))
                .addDedupOnItem(ContactBatchCreate.DedupOnEnum.EMAIL);
        ContactBatch first = contacts.contactsBatch(rows, "batch-java");
        ApiResponse<ContactBatch> again = contacts.contactsBatchWithHttpInfo(rows, "batch-java");
        check(first.getUpdated() == 1 && again.getData().equals(first), again.getData());
        check(again.getHeaders().containsKey("idempotent-replayed"), again.getHeaders());

        try {
            contacts.contactsCreate(new ContactCreate().email("ada@java.example"), null);
            check(false, "an address is taken once");
        } catch (ApiException refused) {
            check(refused.getCode() == 409, refused);
            ErrorResponse error = client.getObjectMapper().readValue(refused.getResponseBody(), ErrorResponse.class);
            check(error.getError().getCode() == ErrorCode.CONFLICT, error);
            check(ada.getId().equals(error.getError().getExistingId()), error);
        }

        ContactUpdate change = new ContactUpdate().firstName("Augusta").metadata(Map.of("seats", 2));
        Contact updated = contacts.contactsUpdate(ada.getId(), change, "\"2\"");
        check(updated.getVersion() == 3 && updated.getMetadata().size() == 2, updated);
        try {
            contacts.contactsUpdate(ada.getId(), change, "\"2\"");
            check(false, "the version has moved on");
        } catch (ApiException refused) {
            check(refused.getCode() == 412, refused);
        }
    }

    private static void check(boolean holds, Object what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
