import codecs

import pytest

from kernel_bridge.source.decoding import NotText, decode


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ""),
        ("é = 1".encode(), "é = 1"),
        (codecs.BOM_UTF8 + "é".encode(), "é"),
        ("# -*- coding: latin-1 -*-\né".encode("latin-1"), "# -*- coding: latin-1 -*-\né"),
        ("#!/usr/bin/python\r\n# vim: set fileencoding=cp1252 :\r\n€".encode("cp1252"),
         "#!/usr/bin/python\r\n# vim: set fileencoding=cp1252 :\r\n€"),
        ("# coding: euc-jp\n日本".encode("euc-jp"), "# coding: euc-jp\n日本"),
        ("x = 1\n# coding: latin-1\né".encode(), "x = 1\n# coding: latin-1\né"),
        ("\n\n# coding: latin-1\né".encode(), "\n\n# coding: latin-1\né"),
        (codecs.BOM_UTF8 + b"# coding: UTF8\n", "# coding: UTF8\n"),
    ],
)  # fmt: skip
def test_python_declares_its_encoding(content: bytes, expected: str) -> None:
    assert decode(content, "python") == expected


@pytest.mark.parametrize("language_id", ["r", None])
def test_other_documents_are_utf_8(language_id: str | None) -> None:
    text = "# coding: latin-1\né"
    assert decode(text.encode(), language_id) == text


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"x\n\xff", "line 2 has the byte 0xff, which is not valid utf-8; save it as UTF-8, or name its"),
        (b"# coding: ascii\n\xe9", "line 2 has the byte 0xe9, which is not valid ascii; save it as UTF-8$"),
        (b"#!/x\n# coding: klingon\n", "line 2 names the encoding 'klingon', which Python does not know"),
        (b"# coding: hex\n", "line 1 names the encoding 'hex', which Python does not know"),
        (codecs.BOM_UTF8 + b"# coding: latin-1\n", "'latin-1', but a byte order mark says UTF-8"),
        (b"x = 1\ny = \0\n", "line 2 has a NUL byte: the file is damaged, or in UTF-16"),
        ("x".encode("utf-16"), "it is UTF-16 or UTF-32 text; save it as UTF-8"),
        ("x".encode("utf-32"), "it is UTF-16 or UTF-32 text"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_reported_with_its_line(content: bytes, problem: str) -> None:
    with pytest.raises(NotText, match=problem):
        decode(content, "python")
