package dashboard

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assets embed.FS

// mediaTypes are those of the assets: the system's own table of types may say anything.
var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// asset is one file of the page.
type asset struct {
	content   string
	mediaType string
	etag      string
}

// loadAssets reads the page's files, by their names.
func loadAssets() (map[string]*asset, error) {
	loaded := map[string]*asset{}
	err := fs.WalkDir(assets, "assets", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := assets.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		loaded[strings.TrimPrefix(name, "assets/")] = &asset{
			content: string(content), mediaType: mediaTypes[path.Ext(name)], etag: `"` + hex.EncodeToString(sum[:16]) + `"`,
		}
		return nil
	})
	return loaded, err
}

// serveAsset gives a file of the page. Browsers keep it, and ask each time whether it is still the one.
func (h *Handler) serveAsset(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "index.html"
	}
	found, ok := h.assets[name]
	switch {
	case !ok:
		fail(w, http.StatusNotFound, "no-page", "there is no such page")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		fail(w, http.StatusMethodNotAllowed, "method", "this is asked for by GET")
		return
	}
	w.Header().Set("Content-Type", found.mediaType)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", found.etag)
	// ServeContent answers If-None-Match and HEAD. The time is none: files of a binary have no date.
	http.ServeContent(w, r, name, time.Time{}, strings.NewReader(found.content))
}
