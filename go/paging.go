package signoff

import (
	"iter"
	"maps"
	"strconv"
)

// pageSize is how many rows the Iter verbs take at a time.
const pageSize = 200

func (p *PageOptions) query() map[string]string {
	if p == nil {
		return nil
	}
	query := map[string]string{"cursor": p.Cursor}
	if p.Limit != 0 {
		query["limit"] = strconv.Itoa(p.Limit)
	}
	return query
}

// and adds filters to the query of a page.
func (p *PageOptions) and(filters map[string]string) map[string]string {
	query := map[string]string{}
	maps.Copy(query, p.query())
	maps.Copy(query, filters)
	return query
}

// rows are those of a whole list. Where it fails, the error comes last, with a nil row.
func rows[T any](list func(*PageOptions) (items []T, next string, err error)) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		page := &PageOptions{Limit: pageSize}
		for {
			items, next, err := list(page)
			if err != nil {
				yield(nil, err)
				return
			}
			for index := range items {
				if !yield(&items[index], nil) {
					return
				}
			}
			if next == "" {
				return
			}
			page.Cursor = next
		}
	}
}
