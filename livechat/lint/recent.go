package lint

// recent is a map that remembers what was last put or got and never holds
// more than twice max entries. The zero value with max set is ready for use.
type recent[K comparable, V any] struct {
	max        int
	young, old map[K]V
	forgot     bool // something is no longer known
}

func (r *recent[K, V]) get(k K) (V, bool) {
	if v, ok := r.young[k]; ok {
		return v, true
	}
	v, ok := r.old[k]
	if ok {
		r.put(k, v)
	}
	return v, ok
}

func (r *recent[K, V]) put(k K, v V) {
	if r.young == nil || len(r.young) >= r.max {
		r.forgot = r.forgot || len(r.old) > 0
		r.old, r.young = r.young, map[K]V{}
	}
	r.young[k] = v
}

// each calls f for every entry, in no order.
func (r *recent[K, V]) each(f func(V)) {
	for _, v := range r.young {
		f(v)
	}
	for k, v := range r.old {
		if _, ok := r.young[k]; !ok {
			f(v)
		}
	}
}
