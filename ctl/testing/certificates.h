#ifndef MUSTER_CTL_TESTING_CERTIFICATES_H_
#define MUSTER_CTL_TESTING_CERTIFICATES_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace muster::ctl {

// A certificate and its key, in PEM.
struct KeyPair {
  std::string certificate;
  std::string key;
};

// What a test issues certificates for.
struct Subject {
  std::string name;
  // "DNS:web.example", "IP:127.0.0.1", "URI:spiffe://x/y"; several with commas. Empty: none.
  std::string alternative_names = {};
  absl::Time begin = absl::Now() - absl::Hours(1);
  absl::Time end = absl::Now() + absl::Hours(1);
};

// An authority for tests, with keys of its own.
class Authority {
 public:
  explicit Authority(const std::string& name);

  // Its certificate, in PEM.
  const std::string& certificate() const { return pem_; }
  KeyPair Issue(const Subject& subject) const;

 private:
  struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  struct FreeCertificate {
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
  using Certificate = std::unique_ptr<X509, FreeCertificate>;

  static Key MakeKey();
  static Certificate MakeCertificate(const Subject& subject, EVP_PKEY* key, X509* issuer,
                                     EVP_PKEY* issuers_key);

  Key key_;
  Certificate certificate_;
  std::string pem_;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TESTING_CERTIFICATES_H_
