package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
)

func main() {
	batch := strings.NewReader(`{
		"contacts": [
			{"email": "ada@example.com", "last_name": "Lovelace"},
			{"email": "grace@example.com", "first_name": "Grace"}
		],
		"dedup_on": ["email"]
	}`)
	request, _ := http.NewRequest("POST", "http://127.0.0.1:8080/v1/contacts/batch", batch)
	request.Header.Set("Authorization", "Bearer "+os.Getenv("RELM_KEY"))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", "import-2026-07-02")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	var report struct {
		Data []struct {
			Status string `json:"status"`
			ID     string `json:"id"`
		} `json:"data"`
	}
	if err := json.NewDecoder(response.Body).Decode(&report); err != nil {
		log.Fatal(err)
	}
	for _, row := range report.Data {
		fmt.Println(row.Status, row.ID)
	}
}
