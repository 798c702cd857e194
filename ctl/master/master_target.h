#ifndef MUSTER_CTL_MASTER_MASTER_TARGET_H_
#define MUSTER_CTL_MASTER_MASTER_TARGET_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ctl/master/address.h"
#include "muster/ctl/master/named_masters.h"

namespace muster::ctl {

// The files of mutual TLS, in PEM, as absolute paths.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string server_ca;
  // The name that the master's certificate must have.
  std::string server_name;
};

// Where a master is, and how to connect to it.
struct MasterTarget {
  // As the operator calls it: a name or an address.
  std::string label;
  // Unix sockets, the best first. Empty: it is reached over TCP.
  std::vector<std::string> paths = {};
  std::string host = {};  // a name or an address, without brackets
  std::string port = {};
  std::optional<TlsFiles> tls = {};  // over TCP; unset: plain
};

// What the operator has said about masters.
struct MasterChoice {
  // Addresses and names, separated by commas. Unset: the default one, or the default places.
  std::optional<std::string> masters;
  // HOST:PORT is without TLS.
  bool is_insecure = false;
};

// Finds the masters of `choice`. Never empty. Each is one of
//   unix:PATH, or a path, which has a '/' or a '.' or is there
//   HOST:PORT, [IPV6]:PORT; with TLS as the entry in the file of masters with this address says
//   a name in the file of masters
// `load` reads that file, and is called if it is needed. InvalidArgument: a word is none of these.
absl::StatusOr<std::vector<MasterTarget>> FindMasters(
    const MasterChoice& choice, const Surroundings& surroundings,
    const std::function<absl::StatusOr<NamedMasters>()>& load);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MASTER_MASTER_TARGET_H_
