#include "muster/master/config/config_hash.h"

#include "absl/strings/escaping.h"
#include "muster/ipc/base/check.h"
#include "openssl/evp.h"

namespace muster::master {

std::string HashOf(absl::string_view text) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  MUSTER_CHECK(EVP_Digest(text.data(), text.size(), bytes, &size, EVP_sha256(), nullptr) == 1,
               "SHA-256 needs nothing that can be missing");
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes), size));
}

}  // namespace muster::master
