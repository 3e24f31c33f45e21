package instagram

import (
	"testing"

	"github.com/parlance-chat/parlance/connector/connectortest"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{
		"echo.json":      "message by company qT7ywaK in 5678", // which tells the two the wrong way round
		"hello_msg.json": "message by customer external_id in 5678",
	})
}

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }
