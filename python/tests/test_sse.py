import pytest

from signoff.sse import Message, Reader

STREAM = (
    b": welcome\n\n"
    b"id: 1\nevent: note\ndata: {}\n\n"
    b"id:2\r\nevent:note\r\ndata: a\xe2\x80\xa8b\r\ndata:c\r\n\r\n"
    b"event: lost\n\n"
    b"retry: 100\rdata\r\r"
    b"id: nul\0\ndata: last\n\n"
    b"data: never ended\n"
)
MESSAGES = [
    Message("1", "note", "{}"),
    Message("2", "note", "a\u2028b\nc"),
    Message("2", "", ""),
    Message("2", "", "last"),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_messages_are_the_same_whatever_the_chunks(size):
    reader = Reader()
    chunks = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert [message for chunk in chunks for message in reader.feed(chunk)] == MESSAGES
