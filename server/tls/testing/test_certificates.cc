#include "server/tls/testing/test_certificates.h"

#include <fcntl.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "server/tls/openssl_pointers.h"

namespace tallyman::server {
namespace {

using ExtensionPtr =
    std::unique_ptr<X509_EXTENSION, OpensslDeleter<X509_EXTENSION_free>>;

EvpPkeyPtr NewKey() {
  EvpPkeyPtr key(EVP_EC_gen("P-256"));
  CHECK(key != nullptr);
  return key;
}

std::string ContentsOf(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  CHECK_GT(size, 0);
  return {data, static_cast<size_t>(size)};
}

std::string PemOf(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  CHECK_EQ(PEM_write_bio_X509(bio.get(), certificate), 1);
  return ContentsOf(bio.get());
}

std::string PemOf(const EvpPkeyPtr& key, const std::string& passphrase = "") {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  CHECK_EQ(
      PEM_write_bio_PKCS8PrivateKey(
          bio.get(), key.get(),
          passphrase.empty() ? nullptr : EVP_aes_256_cbc(), passphrase.data(),
          static_cast<int>(passphrase.size()), nullptr, nullptr),
      1);
  return ContentsOf(bio.get());
}

void AddExtension(X509* certificate, const X509* issuer, int nid,
                  const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, const_cast<X509*>(issuer), certificate, nullptr,
                 nullptr, 0);
  const ExtensionPtr extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  CHECK(extension != nullptr) << value;
  CHECK_EQ(X509_add_ext(certificate, extension.get(), -1), 1);
}

// A certificate for `key`, without issuer, extensions and signature.
X509Ptr NewCertificate(const EvpPkeyPtr& key,
                       const TestCertificateOptions& options) {
  X509Ptr certificate(X509_new());
  CHECK(certificate != nullptr);
  CHECK_EQ(X509_set_version(certificate.get(), X509_VERSION_3), 1);
  uint64_t serial = 0;
  CHECK_EQ(
      RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)), 1);
  CHECK_EQ(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()),
                                   serial >> 1),
           1);
  CHECK(ASN1_TIME_set(X509_getm_notBefore(certificate.get()),
                      absl::ToTimeT(options.not_before)) != nullptr);
  CHECK(ASN1_TIME_set(X509_getm_notAfter(certificate.get()),
                      absl::ToTimeT(options.not_after)) != nullptr);
  if (!options.common_name.empty()) {
    CHECK_EQ(
        X509_NAME_add_entry_by_NID(
            X509_get_subject_name(certificate.get()), NID_commonName,
            MBSTRING_UTF8,
            reinterpret_cast<const unsigned char*>(options.common_name.data()),
            static_cast<int>(options.common_name.size()), -1, 0),
        1);
  }
  CHECK_EQ(X509_set_pubkey(certificate.get(), key.get()), 1);
  return certificate;
}

void Sign(X509* certificate, const X509* issuer, const EvpPkeyPtr& key) {
  CHECK_EQ(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)), 1);
  CHECK_GT(X509_sign(certificate, key.get(), EVP_sha256()), 0);
}

}  // namespace

TestAuthority::TestAuthority(const std::string& common_name)
    : key_(NewKey()),
      cert_(NewCertificate(key_, {.common_name = common_name})) {
  AddExtension(cert_.get(), cert_.get(), NID_basic_constraints,
               "critical,CA:TRUE");
  AddExtension(cert_.get(), cert_.get(), NID_key_usage, "critical,keyCertSign");
  AddExtension(cert_.get(), cert_.get(), NID_subject_key_identifier, "hash");
  Sign(cert_.get(), cert_.get(), key_);
  pem_ = PemOf(cert_.get());
}

TestCertificate TestAuthority::Issue(
    const TestCertificateOptions& options) const {
  const EvpPkeyPtr key = NewKey();
  const X509Ptr certificate = NewCertificate(key, options);
  AddExtension(certificate.get(), cert_.get(), NID_key_usage,
               "critical,digitalSignature");
  AddExtension(certificate.get(), cert_.get(), NID_ext_key_usage,
               options.usage);
  AddExtension(certificate.get(), cert_.get(), NID_authority_key_identifier,
               "keyid");
  if (!options.alternative_names.empty()) {
    AddExtension(certificate.get(), cert_.get(), NID_subject_alt_name,
                 options.alternative_names);
  }
  Sign(certificate.get(), cert_.get(), key_);
  return {.cert = PemOf(certificate.get()), .key = PemOf(key)};
}

std::string NewTestKey(const std::string& passphrase) {
  return PemOf(NewKey(), passphrase);
}

void WriteTestFile(const std::string& path, std::string_view contents) {
  const base::UniqueFd file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  CHECK(file.valid()) << path;
  CHECK_EQ(write(file.get(), contents.data(), contents.size()),
           static_cast<ssize_t>(contents.size()))
      << path;
}

TestCertificates::TestCertificates(const std::string& directory)
    : directory_(directory),
      authority_("test authority"),
      other_authority_("other authority"),
      ca_file_(WriteFile("ca.pem", authority_.cert())),
      other_ca_file_(WriteFile("other_ca.pem", other_authority_.cert())),
      server_(Write("server", authority_.Issue({}))),
      expired_(
          Write("expired",
                authority_.Issue(
                    {.not_before = absl::Now() - absl::Hours(24 * 10),
                     .not_after = absl::Now() - absl::Hours(24 * 3 + 1)}))),
      client_(Write("client", authority_.Issue({.common_name = "client",
                                                .alternative_names = "",
                                                .usage = "clientAuth"}))),
      other_client_(Write("other_client",
                          other_authority_.Issue({.common_name = "other client",
                                                  .alternative_names = "",
                                                  .usage = "clientAuth"}))),
      other_key_file_(WriteFile("other.key", NewTestKey())) {}

TestCertificates::Files TestCertificates::Write(
    std::string_view name, const TestCertificate& certificate) const {
  return {
      .cert_file = WriteFile(absl::StrCat(name, ".pem"), certificate.cert),
      .key_file = WriteFile(absl::StrCat(name, ".key"), certificate.key),
  };
}

std::string TestCertificates::WriteFile(std::string_view name,
                                        std::string_view contents) const {
  std::string path = absl::StrCat(directory_, "/", name);
  WriteTestFile(path, contents);
  return path;
}

}  // namespace tallyman::server
