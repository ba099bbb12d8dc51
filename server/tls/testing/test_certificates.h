// Real certificates and keys (EC P-256), made by the test.
//
//   TestCertificates files(directory.path());
//   TlsContext::Create({.cert_file = files.server().cert_file,
//                       .key_file = files.server().key_file});

#ifndef TALLYMAN_SERVER_TLS_TESTING_TEST_CERTIFICATES_H_
#define TALLYMAN_SERVER_TLS_TESTING_TEST_CERTIFICATES_H_

#include <string>
#include <string_view>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/tls/openssl_pointers.h"

namespace tallyman::server {

// In PEM format.
struct TestCertificate {
  std::string cert;
  std::string key;
};

struct TestCertificateOptions {
  std::string common_name = "localhost";
  // As in openssl-x509v3_config(5); "": none.
  std::string alternative_names = "DNS:localhost,IP:127.0.0.1,IP:::1";
  // "serverAuth" or "clientAuth".
  std::string usage = "serverAuth";
  absl::Time not_before = absl::Now() - absl::Hours(1);
  absl::Time not_after = absl::Now() + absl::Hours(24 * 30);
};

// A root that signs certificates. Dies (CHECK) on errors. Thread-compatible.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& common_name);

  // With a new key each time.
  TestCertificate Issue(const TestCertificateOptions& options) const;

  // In PEM format.
  const std::string& cert() const { return pem_; }

 private:
  EvpPkeyPtr key_;
  X509Ptr cert_;
  std::string pem_;
};

// A new EC P-256 key in PEM format; with a passphrase if that is not empty.
std::string NewTestKey(const std::string& passphrase = "");

// Writes a file that only the user may read, or replaces its contents. Dies
// (CHECK) on errors.
void WriteTestFile(const std::string& path, std::string_view contents);

// Files in a directory, which must outlive their use. Dies (CHECK) on errors.
class TestCertificates {
 public:
  struct Files {
    std::string cert_file;
    std::string key_file;
  };

  explicit TestCertificates(const std::string& directory);

  const TestAuthority& authority() const { return authority_; }
  // The certificate of authority(), for clients and as client_ca_file.
  const std::string& ca_file() const { return ca_file_; }
  // An authority that has signed no server.
  const TestAuthority& other_authority() const { return other_authority_; }
  const std::string& other_ca_file() const { return other_ca_file_; }

  const Files& server() const { return server_; }    // CN=localhost
  const Files& expired() const { return expired_; }  // Three days ago.
  const Files& client() const { return client_; }    // CN=client
  const Files& other_client() const {
    return other_client_;
  }  // CN=other client
  // A key that belongs to no certificate.
  const std::string& other_key_file() const { return other_key_file_; }

  // Writes NAME.pem and NAME.key.
  Files Write(std::string_view name, const TestCertificate& certificate) const;

 private:
  // Writes a file into the directory; returns its path.
  std::string WriteFile(std::string_view name, std::string_view contents) const;

  const std::string directory_;
  const TestAuthority authority_;
  const TestAuthority other_authority_;
  const std::string ca_file_;
  const std::string other_ca_file_;
  const Files server_;
  const Files expired_;
  const Files client_;
  const Files other_client_;
  const std::string other_key_file_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TLS_TESTING_TEST_CERTIFICATES_H_
