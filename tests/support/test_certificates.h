#ifndef MUSTER_TESTS_SUPPORT_TEST_CERTIFICATES_H_
#define MUSTER_TESTS_SUPPORT_TEST_CERTIFICATES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace muster::tests {

// A certificate and its private key, in PEM.
struct TestCertificate {
  std::string certificate;
  std::string key;

  // Writes them to FOLDER/NAME.pem and FOLDER/NAME.key.
  void WriteTo(const std::string& folder, const std::string& name) const;
};

// For tests: an authority that signs certificates, made for this object alone.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  // Its own certificate, in PEM.
  std::string certificate() const;

  // `names` as OpenSSL's configuration has them: "DNS:localhost", "IP:127.0.0.1",
  // "URI:spiffe://a/b". It is good from two days before now, until then.
  TestCertificate Issue(const std::string& common_name, const std::vector<std::string>& names = {},
                        absl::Duration remaining = absl::Hours(1)) const;

 private:
  struct Own;
  const std::unique_ptr<const Own> own_;
};

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_TEST_CERTIFICATES_H_
