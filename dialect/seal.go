package dialect

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// seal is the digest of an entry's row under the table's stored name. It shows that a hand has edited the row; it keeps
// out nobody who means to forge one.
func seal(name string, e *schema.Entry) string {
	return digest(name, fmt.Sprint(e.Generation), e.Fingerprint, e.CatalogHash, e.Spec,
		fmt.Sprint(e.UpdatedAt.UnixMicro()), e.UpdatedBy)
}

// checksum is the same for a revision.
func checksum(name string, r *schema.Revision) string {
	return digest(name, fmt.Sprint(r.Generation), r.FromFingerprint, r.ToFingerprint, strings.Join(r.Statements, "\x00"),
		string(r.State), r.Reason, r.Failure, r.Catalog, fmt.Sprint(r.Duration.Microseconds()), r.Host, fmt.Sprint(r.PID),
		r.Application, r.Version, fmt.Sprint(r.AppliedAt.UnixMicro()))
}

// digest is the SHA-256 of texts, each with its length before it, in hexadecimal.
func digest(parts ...string) string {
	sum := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
