package service

import (
	"net/http"

	"github.com/google/uuid"
)

// customerInput is what a new customer is made of. Who gives the id can repeat a request whose answer was lost.
type customerInput struct {
	ID    *uuid.UUID `json:"id"`
	Email string     `json:"email"`
	Name  string     `json:"name"`
}

func (s *Service) createCustomer(w http.ResponseWriter, r *http.Request) error {
	var in customerInput
	if err := decode(r, &in); err != nil {
		return err
	}
	return s.customers.create(w, r, Customer{ID: choose(in.ID), Email: in.Email, Name: in.Name})
}
