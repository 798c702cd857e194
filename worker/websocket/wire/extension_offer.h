#ifndef MUSTER_WORKER_WEBSOCKET_WIRE_EXTENSION_OFFER_H_
#define MUSTER_WORKER_WEBSOCKET_WIRE_EXTENSION_OFFER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/worker/websocket/wire/server_end.h"

namespace muster::worker::websocket {

// One element of Sec-WebSocket-Extensions (RFC 6455, 9.1).
struct ExtensionOffer {
  struct Parameter {
    std::string name;
    std::optional<std::string> value;  // without its quotes
  };

  std::string name;
  std::vector<Parameter> parameters;
};

// Appends the offers of one field. False: it does not conform to the grammar.
bool ParseExtensions(absl::string_view field, std::vector<ExtensionOffer>& offers);

// What is agreed on by an offer of permessage-deflate.
struct DeflateAgreement {
  DeflateTerms terms;
  std::string response;  // the value of Sec-WebSocket-Extensions
};
// Takes the first offer that can be taken: no context takeover, either way. An offer is declined if
// it has a parameter that RFC 7692 does not define, one of them twice, or one without a valid
// value. None: nothing was agreed on.
std::optional<DeflateAgreement> AgreeOnDeflate(const std::vector<ExtensionOffer>& offers);

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_WIRE_EXTENSION_OFFER_H_
