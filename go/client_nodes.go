package signoff

import (
	"context"
	"iter"
)

// PageOptions say which page of a list to take.
type PageOptions struct {
	// Limit is how many rows are on the page, 1 to 200; 0 stands for 50.
	Limit int
	// Cursor is NextCursor of the page before; empty for the first.
	Cursor string
}

// ListNodes is one page of nodes, newest first (listNodes).
func (c *Client) ListNodes(ctx context.Context, page *PageOptions) (*NodeList, error) {
	return ask[NodeList](ctx, c, call{operation: "listNodes", query: page.query()})
}

// GetNode is a node with its instances and reasoners (getNode).
func (c *Client) GetNode(ctx context.Context, nodeID string) (*Node, error) {
	return ask[Node](ctx, c, call{operation: "getNode", path: map[string]string{"node_id": nodeID}})
}

// IterNodes are all nodes, newest first, read page by page. An error is the last of its pairs.
func (c *Client) IterNodes(ctx context.Context) iter.Seq2[*Node, error] {
	return rows(func(page *PageOptions) ([]Node, string, error) {
		list, err := c.ListNodes(ctx, page)
		if err != nil {
			return nil, "", err
		}
		return list.Items, list.NextCursor, nil
	})
}
