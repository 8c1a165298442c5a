package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"strings"
)

func main() {
	request, _ := http.NewRequest("POST", "http://127.0.0.1:8080/v1/contacts", strings.NewReader(`{"email":"ada@example.com","first_name":"Ada"}`))
	request.Header = http.Header{"Authorization": {"Bearer " + os.Getenv("RELM_KEY")}, "Content-Type": {"application/json"}}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	io.Copy(os.Stdout, response.Body)
}
