#include "muster/ctl/testing/certificates.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "muster/ipc/base/check.h"

namespace muster::ctl {
namespace {

template <typename Write>
std::string Pem(Write write) {
  BIO* bio = ::BIO_new(::BIO_s_mem());
  MUSTER_CHECK(write(bio) == 1, "write PEM");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string result(text, size);
  ::BIO_free(bio);
  return result;
}

std::string CertificatePem(X509* certificate) {
  return Pem([&](BIO* bio) { return ::PEM_write_bio_X509(bio, certificate); });
}

void AddExtension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = ::X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  MUSTER_CHECK(extension != nullptr, value.c_str());
  ::X509_add_ext(certificate, extension, -1);
  ::X509_EXTENSION_free(extension);
}

}  // namespace

Authority::Key Authority::MakeKey() {
  EVP_PKEY_CTX* context = ::EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr);
  EVP_PKEY* key = nullptr;
  MUSTER_CHECK(::EVP_PKEY_keygen_init(context) == 1 &&
                   ::EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1 &&
                   ::EVP_PKEY_keygen(context, &key) == 1,
               "make a key");
  ::EVP_PKEY_CTX_free(context);
  return Key(key);
}

Authority::Certificate Authority::MakeCertificate(const Subject& subject, EVP_PKEY* key,
                                                  X509* issuer, EVP_PKEY* issuers_key) {
  Certificate certificate(::X509_new());
  ::X509_set_version(certificate.get(), X509_VERSION_3);
  std::uint64_t serial = 0;
  ::RAND_bytes(reinterpret_cast<unsigned char*>(&serial), 4);
  ::ASN1_INTEGER_set_uint64(::X509_get_serialNumber(certificate.get()), serial);
  ::ASN1_TIME_set(::X509_getm_notBefore(certificate.get()), absl::ToTimeT(subject.begin));
  ::ASN1_TIME_set(::X509_getm_notAfter(certificate.get()), absl::ToTimeT(subject.end));
  X509_NAME* name = ::X509_get_subject_name(certificate.get());
  ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(subject.name.c_str()), -1, -1,
                               0);
  ::X509_set_pubkey(certificate.get(), key);
  const bool is_authority = issuer == nullptr;
  if (is_authority) issuer = certificate.get();
  ::X509_set_issuer_name(certificate.get(), ::X509_get_subject_name(issuer));
  AddExtension(certificate.get(), issuer, NID_basic_constraints,
               is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!subject.alternative_names.empty()) {
    AddExtension(certificate.get(), issuer, NID_subject_alt_name, subject.alternative_names);
  }
  MUSTER_CHECK(::X509_sign(certificate.get(), issuers_key, ::EVP_sha256()) > 0, "sign");
  return certificate;
}

Authority::Authority(const std::string& name)
    : key_(MakeKey()),
      certificate_(MakeCertificate({.name = name}, key_.get(), nullptr, key_.get())),
      pem_(CertificatePem(certificate_.get())) {}

KeyPair Authority::Issue(const Subject& subject) const {
  const Key key = MakeKey();
  const Certificate certificate =
      MakeCertificate(subject, key.get(), certificate_.get(), key_.get());
  return {.certificate = CertificatePem(certificate.get()), .key = Pem([&](BIO* bio) {
                                                              return ::PEM_write_bio_PrivateKey(
                                                                  bio, key.get(), nullptr, nullptr,
                                                                  0, nullptr, nullptr);
                                                            })};
}

}  // namespace muster::ctl
