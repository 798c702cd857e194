#ifndef MUSTER_WORKER_HTTP_MESSAGE_AUTHORITY_H_
#define MUSTER_WORKER_HTTP_MESSAGE_AUTHORITY_H_

#include "absl/strings/string_view.h"

namespace muster::worker::http {

// Whether `text` is the value of a Host field, or the authority of an http URI: a host and perhaps
// a colon and a port of any digits (RFC 9110, 4.2.1 and 7.2; RFC 3986, 3.2.2 and 3.2.3). The host
// is a name, an IPv4 address, or an address in brackets, and is not empty. There is no user before
// it (RFC 9110, 4.2.4).
bool IsAuthority(absl::string_view text);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_AUTHORITY_H_
