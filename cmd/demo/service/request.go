package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/nodes"
)

const (
	pageDefault = 50
	pageMost    = 200
)

// decode reads a JSON body into a value. Unknown fields, and anything behind the value, are refused.
func decode(r *http.Request, into any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "media-type", "the body must be application/json")
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, err = decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		}
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return refuse(http.StatusBadRequest, "json", "the body is not the JSON that is wanted"+place(err))
}

// place says where the JSON went wrong, without quoting it.
func place(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		return fmt.Sprintf(": %s has the wrong type", kind.Field)
	case errors.As(err, &syntax):
		return fmt.Sprintf(": at byte %d", syntax.Offset)
	case err != nil && strings.HasPrefix(err.Error(), "json: unknown field"):
		return ": it has a field that is not known"
	}
	return ""
}

// key reads the row's key from the path.
func key(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return id, refuse(http.StatusNotFound, "not-found", "there is no such row: keys are UUIDs")
	}
	return id, nil
}

// choose gives the key of a new row: the caller's, which makes a repeated request find its row, or one that sorts by time.
func choose(id *uuid.UUID) uuid.UUID {
	if id != nil && *id != uuid.Nil {
		return *id
	}
	return uuid.Must(uuid.NewV7())
}

// condition reads If-Match: change the row only while it has the version that was read.
func condition(r *http.Request) ([]nodes.ChangeOption, error) {
	tag := r.Header.Get("If-Match")
	if tag == "" || tag == "*" {
		return nil, nil
	}
	version, err := strconv.ParseInt(strings.Trim(tag, `"`), 10, 64)
	if err != nil {
		return nil, refuse(http.StatusPreconditionFailed, "conflict", "If-Match is no ETag of this service")
	}
	return []nodes.ChangeOption{nodes.IfVersion(version)}, nil
}

// query reads a list's parameters: limit, after, and columns that must have a value.
func query(values url.Values, filters []string) (nodes.Query, error) {
	q := nodes.Query{Limit: pageDefault}
	var conditions []nodes.Cond
	for name, given := range values {
		value := given[len(given)-1]
		switch {
		case name == "after":
			q.After = nodes.Cursor(value)
		case name == "limit":
			limit, err := strconv.Atoi(value)
			if err != nil || limit < 1 || limit > pageMost {
				return q, refuse(http.StatusBadRequest, "invalid", fmt.Sprintf("limit must be from 1 to %d", pageMost))
			}
			q.Limit = limit
		case slices.Contains(filters, name):
			conditions = append(conditions, nodes.Eq(name, value))
		default:
			return q, refuse(http.StatusBadRequest, "invalid", "a parameter is not known; there are limit, after, "+strings.Join(filters, ", "))
		}
	}
	q.Where = nodes.And(conditions...)
	return q, nil
}

// reply answers with JSON.
func reply(w http.ResponseWriter, code int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(append(body, '\n')) // a client that has gone away needs no answer
	return nil
}

// tag sets the ETag by which If-Match asks.
func tag(w http.ResponseWriter, version int64) {
	w.Header().Set("ETag", strconv.Quote(strconv.FormatInt(version, 10)))
}
