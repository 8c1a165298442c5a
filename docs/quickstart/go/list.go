package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
)

func main() {
	query := url.Values{"filter[first_name]": {"Ada"}, "limit": {"10"}}
	request, _ := http.NewRequest("GET", "http://127.0.0.1:8080/v1/contacts?"+query.Encode(), nil)
	request.Header.Set("Authorization", "Bearer "+os.Getenv("RELM_KEY"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	var page struct {
		Data []struct {
			ID    string `json:"id"`
			Email string `json:"email"`
		} `json:"data"`
	}
	if err := json.NewDecoder(response.Body).Decode(&page); err != nil {
		log.Fatal(err)
	}
	for _, contact := range page.Data {
		fmt.Println(contact.ID, contact.Email)
	}
}
