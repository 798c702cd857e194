#ifndef MUSTER_WORKER_HTTP_MESSAGE_GRAMMAR_REFERENCE_H_
#define MUSTER_WORKER_HTTP_MESSAGE_GRAMMAR_REFERENCE_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace muster::worker::http {

// What the parsers of this folder have to accept, written a second time for tests: as the rules of
// the RFCs in the form of regular expressions, and with no thought of speed. They take stack in
// proportion to the text: use them for some KiB.

// RFC 9110, 7.2, and RFC 3986, 3.2.2: uri-host [ ":" port ], where the host is not empty.
bool IsAuthorityByTheRules(const std::string& text);

// RFC 9112, 7.1.
struct ChunkedBody {
  std::string content;
  std::size_t bytes = 0;  // of it all
};
// The chunked body at the front of `bytes`. None: there is none, or not the whole of it.
std::optional<ChunkedBody> ReadChunkedByTheRules(const std::string& bytes);

// RFC 9112, 3 and 5: a request line of HTTP/1 and lines of fields, up to the empty one. Whatever
// the target's form, and whatever fields mean.
bool IsHeadByTheRules(const std::string& bytes);

// What RequestTarget accepts: RFC 9112, 3.2.1, 3.2.2 and 3.2.4, where a path and a query may have
// all of ASCII but what ends them, white space and control characters.
struct TargetParts {
  std::string path;   // in its normal form
  std::string query;  // with its question mark
};
// None: it is not a target.
std::optional<TargetParts> ReadTargetByTheRules(const std::string& text);

// The normal form of a path: decoded, without dot segments and empty ones. None: malformed, or
// above the root. `encoded` begins with a slash.
std::optional<std::string> NormalizeByTheRules(const std::string& encoded);

// Calls `check` with each text of up to `most` of the `parts`, and then with `random` longer ones.
void ForTextsOf(const std::vector<std::string>& parts, int most, int random,
                const std::function<void(const std::string& text)>& check);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_GRAMMAR_REFERENCE_H_
