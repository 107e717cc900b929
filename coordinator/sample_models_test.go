package coordinator_test

import (
	"testing"
	"time"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// The music store of testdata, as models that know nothing of how its tables were made.
type (
	storeArtist struct {
		ArtistID int32   `schema:"pk,auto"`
		Name     *string `schema:"size=120"`
	}
	storeAlbum struct {
		AlbumID  int32  `schema:"pk,auto"`
		Title    string `schema:"size=160"`
		ArtistID int32  `schema:"references=artist.artist_id,index"`
	}
	storeGenre struct {
		GenreID int32   `schema:"pk,auto"`
		Name    *string `schema:"size=120,unique"`
	}
	storeMediaType struct {
		MediaTypeID int32   `schema:"pk,auto"`
		Name        *string `schema:"size=120"`
	}
	storeTrack struct {
		TrackID      int32   `schema:"pk,auto"`
		Name         string  `schema:"size=200"`
		AlbumID      *int32  `schema:"references=album.album_id,ondelete=cascade,index"`
		MediaTypeID  int32   `schema:"references=media_type.media_type_id,index"`
		GenreID      *int32  `schema:"references=genre.genre_id,index"`
		Composer     *string `schema:"size=220"`
		Milliseconds int32   `schema:"check=milliseconds > 0"`
		Seconds      int32   `schema:"generated=milliseconds / 1000"`
		Bytes        *int32
		UnitPrice    string `schema:"type=decimal,precision=10,scale=2"`
	}
	storePlaylist struct {
		PlaylistID int32   `schema:"pk,auto"`
		Name       *string `schema:"size=120"`
	}
	storePlaylistTrack struct {
		PlaylistID int32 `schema:"pk,references=playlist.playlist_id,ondelete=cascade"`
		TrackID    int32 `schema:"pk,references=track.track_id,index"`
	}
	storeEmployee struct {
		EmployeeID int32      `schema:"pk,auto"`
		LastName   string     `schema:"size=20"`
		FirstName  string     `schema:"size=20"`
		Title      *string    `schema:"size=30"`
		ReportsTo  *int32     `schema:"references=employee.employee_id,ondelete=set null,index"`
		BirthDate  *time.Time `schema:"type=date"`
		HireDate   *time.Time
		Phone      *string `schema:"size=24"`
		Email      *string `schema:"size=60"`
	}
	storeCustomer struct {
		CustomerID   int32   `schema:"pk,auto"`
		FirstName    string  `schema:"size=40"`
		LastName     string  `schema:"size=20"`
		Company      *string `schema:"size=80"`
		Address      *string `schema:"size=70"`
		City         *string `schema:"size=40"`
		Country      *string `schema:"size=40,default='Nowhere'"`
		Phone        *string `schema:"size=24"`
		Fax          *string `schema:"size=24"`
		Email        string  `schema:"size=60"`
		SupportRepID *int32  `schema:"references=employee.employee_id,index"`
	}
	storeInvoice struct {
		InvoiceID      int64 `schema:"pk,auto"`
		CustomerID     int32 `schema:"references=customer.customer_id,ondelete=restrict,index"`
		InvoiceDate    time.Time
		BillingAddress *string `schema:"size=70"`
		BillingCity    *string `schema:"size=40"`
		Total          string  `schema:"type=decimal,precision=10,scale=2"`
	}
	storeInvoiceLine struct {
		InvoiceLineID int64  `schema:"pk,auto"`
		InvoiceID     int64  `schema:"references=invoice.invoice_id,ondelete=cascade,index"`
		TrackID       int32  `schema:"references=track.track_id,index"`
		UnitPrice     string `schema:"type=decimal,precision=10,scale=2"`
		Quantity      int32  `schema:"default=1,check=quantity > 0"`
	}
	// storeSpot is the key of a playlist's track.
	storeSpot struct {
		PlaylistID, TrackID int32
	}
)

// store registers all eleven tables and gives the tracks.
func store(t testing.TB, c *coordinator.Coordinator) *nodes.Node[storeTrack, int32] {
	register[storeArtist, int32](t, c, schema.Named("artist"))
	register[storeAlbum, int32](t, c, schema.Named("album"), schema.WithUnique("artist_id", "title"))
	register[storeGenre, int32](t, c, schema.Named("genre"))
	register[storeMediaType, int32](t, c, schema.Named("media_type"))
	register[storePlaylist, int32](t, c, schema.Named("playlist"))
	register[storePlaylistTrack, storeSpot](t, c, schema.Named("playlist_track"))
	register[storeEmployee, int32](t, c, schema.Named("employee"))
	register[storeCustomer, int32](t, c, schema.Named("customer"))
	register[storeInvoice, int64](t, c, schema.Named("invoice"))
	register[storeInvoiceLine, int64](t, c, schema.Named("invoice_line"))
	return register[storeTrack, int32](t, c, schema.Named("track"))
}
