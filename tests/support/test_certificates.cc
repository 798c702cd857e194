#include "muster/tests/support/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/ipc/base/check.h"

namespace muster::tests {
namespace {

using KeyPointer = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using X509Pointer = std::unique_ptr<X509, decltype(&X509_free)>;

KeyPointer MakeKey() {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr), &EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  MUSTER_CHECK(
      EVP_PKEY_keygen_init(context.get()) == 1 &&
          EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1) == 1 &&
          EVP_PKEY_keygen(context.get(), &key) == 1,
      "a key can be made");
  return KeyPointer(key, &EVP_PKEY_free);
}

template <typename Write>
std::string InPem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  MUSTER_CHECK(write(bio.get()) == 1, "memory can be written to");
  const char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

std::string PemOf(X509* certificate) {
  return InPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  MUSTER_CHECK(extension != nullptr, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Not signed yet. `issuer`: null, if it is its own.
X509Pointer Make(const std::string& common_name, EVP_PKEY* key, X509* issuer,
                 absl::Duration remaining) {
  static long last_serial = 0;
  X509Pointer made(X509_new(), &X509_free);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++last_serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -2L * 24 * 3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), absl::ToInt64Seconds(remaining));
  X509_set_pubkey(made.get(), key);
  X509_NAME* const name = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.data()),
                             static_cast<int>(common_name.size()), -1, 0);
  X509_set_issuer_name(made.get(), issuer == nullptr ? name : X509_get_subject_name(issuer));
  return made;
}

}  // namespace

struct TestAuthority::Own {
  KeyPointer key;
  X509Pointer certificate;
};

void TestCertificate::WriteTo(const std::string& folder, const std::string& name) const {
  std::ofstream(absl::StrCat(folder, "/", name, ".pem")) << certificate;
  std::ofstream(absl::StrCat(folder, "/", name, ".key")) << key;
}

TestAuthority::TestAuthority(const std::string& name)
    : own_([&] {
        KeyPointer key = MakeKey();
        X509Pointer certificate = Make(name, key.get(), nullptr, absl::Hours(24));
        AddExtension(certificate.get(), certificate.get(), NID_basic_constraints,
                     "critical,CA:TRUE");
        X509_sign(certificate.get(), key.get(), EVP_sha256());
        return std::make_unique<const Own>(Own{std::move(key), std::move(certificate)});
      }()) {}

TestAuthority::~TestAuthority() = default;

std::string TestAuthority::certificate() const { return PemOf(own_->certificate.get()); }

TestCertificate TestAuthority::Issue(const std::string& common_name,
                                     const std::vector<std::string>& names,
                                     absl::Duration remaining) const {
  const KeyPointer key = MakeKey();
  const X509Pointer made = Make(common_name, key.get(), own_->certificate.get(), remaining);
  AddExtension(made.get(), own_->certificate.get(), NID_basic_constraints, "CA:FALSE");
  if (!names.empty()) {
    AddExtension(made.get(), own_->certificate.get(), NID_subject_alt_name,
                 absl::StrJoin(names, ","));
  }
  X509_sign(made.get(), own_->key.get(), EVP_sha256());
  return {.certificate = PemOf(made.get()),
          .key = InPem([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace muster::tests
