#!/usr/bin/env python3
"""Joins the sources of the status page into one text, and writes it as constants of C++.

usage: embed.py HTML CSS JS... > SOURCE

HTML has {style}, {script} and {json_path}, once each. The scripts become one function, in the order in
which they are named. The page is cut where the path of its data belongs; the hashes of style and script,
by which a Content-Security-Policy admits them, are SHA-256 in base64.
"""

import base64
import hashlib
import re
import sys

# gcc and clang take longer literals; the standard promises this.
MOST_LITERAL_BYTES = 60000


def read(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def hash_of(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def without_comments(text, line_comment):
    """Whole lines of comment and indentation are for readers of the source."""
    lines = []
    for line in text.splitlines():
        line = line.strip()
        if line and not (line_comment and line.startswith(line_comment)):
            lines.append(line)
    return "\n".join(lines)


def put(page, mark, text):
    if page.count(mark) != 1:
        sys.exit("embed: the page has %s %d times, not once" % (mark, page.count(mark)))
    return page.replace(mark, text)


def literal(text):
    if len(text.encode()) > MOST_LITERAL_BYTES or ')page"' in text:
        sys.exit("embed: a part of the page cannot be one literal of C++")
    return 'R"page(%s)page"' % text


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__.strip())
    html, css, *scripts = sys.argv[1:]
    style = without_comments(re.sub(r"/\*.*?\*/", "", read(css), flags=re.DOTALL), None)
    script = "(() => {\n\"use strict\";\n%s\n})();" % "\n".join(
        without_comments(read(name), "//") for name in scripts)
    for name, text, end in [("style", style, "</style"), ("script", script, "</script")]:
        if end in text.lower() or "<!--" in text:
            sys.exit("embed: the %s would end early" % name)
    page = put(without_comments(read(html), None), "{style}", style)
    page = put(page, "{script}", script)
    if page.count("{json_path}") != 1:
        sys.exit("embed: the page has not one {json_path}")
    before, after = page.split("{json_path}")
    print('#include "muster/worker/http/pages/status_page/embedded_page.h"\n\n'
          "namespace muster::worker::http {\n")
    for name, text in [("BeforePath", before), ("AfterPath", after)]:
        print("const absl::string_view kStatusPage%s =\n    %s;\n" % (name, literal(text)))
    for name, text in [("ScriptHash", script), ("StyleHash", style)]:
        print('const absl::string_view kStatusPage%s = "%s";' % (name, hash_of(text)))
    print("\n}  // namespace muster::worker::http")


if __name__ == "__main__":
    main()
