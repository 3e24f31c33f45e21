package chart

import "strings"

// shape is what all colours have in common, in a file of its own.
const shape = `svg{font:12px system-ui,sans-serif}.title{font-size:15px;font-weight:600}.tick{text-anchor:end}.label{text-anchor:middle}path{fill:none;stroke-width:2}.slot{fill:transparent}`

// painted are classes, what of them is painted, and with which colour in light
// and in dark. assets/console.css of the console has the same.
var painted = []struct{ class, what, light, dark string }{
	{".ground", "fill", "#ffffff", "#0f1319"}, {"text", "fill", "#57606a", "#9aa6b3"}, {".title", "fill", "#1b2129", "#e3e8ee"}, {".grid", "stroke", "#d8dee4", "#2b323c"},
	{"rect.s1,circle.s1", "fill", "#2f6fed", "#6ea2ff"}, {"path.s1", "stroke", "#2f6fed", "#6ea2ff"},
	{"rect.s2,circle.s2", "fill", "#1a9850", "#4cc279"}, {"path.s2", "stroke", "#1a9850", "#4cc279"},
	{"rect.s3,circle.s3", "fill", "#8250df", "#b392f0"}, {"path.s3", "stroke", "#8250df", "#b392f0"},
	{".h0", "fill", "#f0f3f6", "#1c222b"}, {".h1", "fill", "#e1ecfe", "#16243d"}, {".h2", "fill", "#c6dcfd", "#1a3158"}, {".h3", "fill", "#a6c8fc", "#1f3f75"},
	{".h4", "fill", "#82b1fa", "#254e93"}, {".h5", "fill", "#5c96f5", "#2f61b3"}, {".h6", "fill", "#3b7aea", "#4079d1"}, {".h7", "fill", "#245fcc", "#5d95ea"}, {".h8", "fill", "#1747a3", "#8fbaff"},
}

// style is that of a chart in a file of its own. Programs that know nothing of
// dark and light draw it light.
var style = func() string {
	var light, dark strings.Builder
	for _, p := range painted {
		light.WriteString(p.class + "{" + p.what + ":" + p.light + "}")
		dark.WriteString(p.class + "{" + p.what + ":" + p.dark + "}")
	}
	return shape + light.String() + "@media(prefers-color-scheme:dark){" + dark.String() + "}"
}()
