package console

import (
	"encoding/csv"
	"net/http"
	"strings"
)

// download answers with a chart or a table of a report, as a file.
func (c *Console) download(w http.ResponseWriter, r *http.Request) {
	q := c.request(r)
	name, kind, _ := strings.Cut(r.PathValue("name"), ".")
	v, err := c.report(q)
	if err != nil {
		c.fail(w, q, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	for _, one := range v.charts(q) {
		if one.Name == name && kind == "csv" {
			writeCSV(w, v.file(name, kind), one.raw())
			return
		}
		if one.Name == name && kind == "svg" {
			w.Header().Set("Content-Type", "image/svg+xml")
			w.Header().Set("Content-Disposition", `attachment; filename="`+v.file(name, kind)+`"`)
			// The picture brings its colours with it, and nothing else.
			w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
			_, _ = w.Write([]byte(one.File())) // the browser is gone; nobody to tell
			return
		}
	}
	for _, one := range v.tables(q) {
		if one.Name == name && kind == "csv" {
			writeCSV(w, v.file(name, kind), one.raw)
			return
		}
	}
	c.fail(w, q, notFound("There is no such chart or table."))
}

// file names what is downloaded.
func (v *reportView) file(name, kind string) string {
	return "parlance-" + name + "-" + v.From + "-" + v.To + "." + kind
}

// writeCSV writes rows for spreadsheets. A text that begins like a formula is
// one to them, and names are whatever people choose.
func writeCSV(w http.ResponseWriter, file string, rows [][]string) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+file+`"`)
	out := csv.NewWriter(w)
	for _, row := range rows {
		for i, cell := range row {
			if strings.IndexAny(cell, "=+-@\t\r\n＝＋－＠") == 0 {
				row[i] = "'" + cell
			}
		}
		_ = out.Write(row) // the browser is gone; nobody to tell
	}
	out.Flush()
}
