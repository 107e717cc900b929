package service

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/nodes"
)

// resource is one table over HTTP: what all three have in common.
type resource[T record] struct {
	node    *nodes.Node[T, uuid.UUID]
	path    string
	filters []string // columns that a list can be asked by
	changes []string // columns that a patch may set
	read    endpoint // how one row is shown; nil shows it alone
}

// page is one page of a list.
type page[T record] struct {
	Rows []T          `json:"rows"`
	Next nodes.Cursor `json:"next,omitempty"` // for ?after=; absent on the last page
}

// mount adds the routes that need nothing but the table.
func (e *resource[T]) mount(s *Service) {
	read := e.read
	if read == nil {
		read = e.get
	}
	s.handle("GET "+e.path, e.list)
	s.handle("GET "+e.path+"/{id}", read)
	s.handle("PATCH "+e.path+"/{id}", e.patch)
	s.handle("DELETE "+e.path+"/{id}", e.remove)
}

func (e *resource[T]) list(w http.ResponseWriter, r *http.Request) error {
	q, err := query(r.URL.Query(), e.filters)
	if err != nil {
		return err
	}
	found, err := e.node.Page(r.Context(), q)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[T]{Rows: append([]T{}, found.Rows...), Next: found.Next})
}

func (e *resource[T]) get(w http.ResponseWriter, r *http.Request) error {
	id, err := key(r)
	if err != nil {
		return err
	}
	row, err := e.node.Get(r.Context(), id)
	if err != nil {
		return err
	}
	return e.answer(w, http.StatusOK, row)
}

func (e *resource[T]) patch(w http.ResponseWriter, r *http.Request) error {
	id, err := key(r)
	if err != nil {
		return err
	}
	only, err := condition(r)
	if err != nil {
		return err
	}
	var set nodes.Set
	if err := decode(r, &set); err != nil {
		return err
	}
	for column := range set {
		if !slices.Contains(e.changes, column) {
			return refuse(http.StatusBadRequest, "invalid", "only these can be changed: "+strings.Join(e.changes, ", "))
		}
	}
	row, err := e.node.Patch(r.Context(), id, set, only...)
	if err != nil {
		return err
	}
	return e.answer(w, http.StatusOK, row)
}

func (e *resource[T]) remove(w http.ResponseWriter, r *http.Request) error {
	id, err := key(r)
	if err != nil {
		return err
	}
	only, err := condition(r)
	if err != nil {
		return err
	}
	if err := e.node.Delete(r.Context(), id, only...); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// create stores a new row and answers with it.
func (e *resource[T]) create(w http.ResponseWriter, r *http.Request, row T) error {
	if err := e.node.Create(r.Context(), &row); err != nil {
		return err
	}
	return e.created(w, &row, row)
}

// created answers that a row was stored, with it or with more about it.
func (e *resource[T]) created(w http.ResponseWriter, row *T, body any) error {
	id, version := (*row).identity()
	w.Header().Set("Location", e.path+"/"+id.String())
	tag(w, version)
	return reply(w, http.StatusCreated, body)
}

func (e *resource[T]) answer(w http.ResponseWriter, code int, row *T) error {
	_, version := (*row).identity()
	tag(w, version)
	return reply(w, code, row)
}
