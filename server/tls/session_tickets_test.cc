// Both ends in memory. Resumption through TlsContext: tls_resumption_test.cc.

#include "server/tls/session_tickets.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "server/tls/openssl_pointers.h"
#include "server/tls/pem_files.h"
#include "server/tls/testing/test_certificates.h"
#include "server/tls/ticket_keys.h"
#include "server/tls/tls_rules.h"

namespace tallyman::server {
namespace {

class SessionTicketsTest : public testing::Test {
 protected:
  struct Ends {
    SslPtr server;
    SslPtr client;
  };

  // A server that requires client certificates, and verifies them as of `time`.
  SslCtxPtr NewServer(absl::Time time) const {
    SslCtxPtr context = *NewServerContext();
    UseFiles(context.get(), files_.server());
    const std::vector<X509Ptr> authorities =
        *ReadCertificates("file", files_.ca_file());
    CHECK_OK(RequireClientCertificates(context.get(), authorities));
    CHECK_OK(EnableSessionTickets(context.get(), keys_));
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(context.get()),
                               absl::ToTimeT(time));
    return context;
  }

  static SslCtxPtr NewClient(const TestCertificates::Files& files) {
    SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
    UseFiles(context.get(), files);
    return context;
  }

  static void UseFiles(SSL_CTX* context, const TestCertificates::Files& files) {
    CHECK_EQ(
        SSL_CTX_use_certificate_chain_file(context, files.cert_file.c_str()),
        1);
    CHECK_EQ(SSL_CTX_use_PrivateKey_file(context, files.key_file.c_str(),
                                         SSL_FILETYPE_PEM),
             1);
  }

  // Shakes hands. The client has the next ticket then.
  static Ends Connect(const SslCtxPtr& server, const SslCtxPtr& client,
                      SSL_SESSION* session) {
    Ends ends{.server = SslPtr(SSL_new(server.get())),
              .client = SslPtr(SSL_new(client.get()))};
    BIO* of_server = nullptr;
    BIO* of_client = nullptr;
    CHECK_EQ(BIO_new_bio_pair(&of_server, 0, &of_client, 0), 1);
    SSL_set_bio(ends.server.get(), of_server, of_server);
    SSL_set_bio(ends.client.get(), of_client, of_client);
    SSL_set_accept_state(ends.server.get());
    SSL_set_connect_state(ends.client.get());
    if (session != nullptr) SSL_set_session(ends.client.get(), session);
    bool is_done = false;
    while (!is_done) {
      const int of_one = Step(ends.client);
      is_done = Step(ends.server) == 1 && of_one == 1;
    }
    char byte = 0;
    CHECK_LE(SSL_read(ends.client.get(), &byte, 1), 0);  // The ticket.
    return ends;
  }

  static int Step(const SslPtr& ssl) {
    const int result = SSL_do_handshake(ssl.get());
    const int error = SSL_get_error(ssl.get(), result);
    CHECK(error == SSL_ERROR_NONE || error == SSL_ERROR_WANT_READ) << error;
    return result;
  }

  const platform::TempDirectory directory_;
  const TestCertificates files_{directory_.path()};
  const std::shared_ptr<TicketKeys> keys_ = std::make_shared<TicketKeys>();
};

TEST_F(SessionTicketsTest, ContextsWithTheSameKeysShareSessions) {
  const SslCtxPtr client = NewClient(files_.client());
  const Ends first = Connect(NewServer(absl::Now()), client, nullptr);
  EXPECT_FALSE(SSL_session_reused(first.server.get()));
  const Ends second = Connect(NewServer(absl::Now()), client,
                              SSL_get_session(first.client.get()));
  EXPECT_TRUE(SSL_session_reused(second.server.get()));
}

TEST_F(SessionTicketsTest, ASessionEndsWithTheClientsCertificate) {
  const absl::Time expiry = absl::Now() - absl::Minutes(10);
  const TestCertificates::Files files =
      files_.Write("brief", files_.authority().Issue({
                                .common_name = "brief",
                                .alternative_names = "",
                                .usage = "clientAuth",
                                .not_before = expiry - absl::Minutes(20),
                                .not_after = expiry,
                            }));
  const SslCtxPtr client = NewClient(files);
  // The full handshakes accept the certificate.
  const SslCtxPtr server = NewServer(expiry - absl::Minutes(10));
  const Ends first = Connect(server, client, nullptr);
  ASSERT_NE(SSL_SESSION_get0_peer(SSL_get_session(first.server.get())),
            nullptr);
  const Ends second =
      Connect(server, client, SSL_get_session(first.client.get()));
  EXPECT_FALSE(SSL_session_reused(second.server.get()));
}

TEST_F(SessionTicketsTest, AContextSharesTheKeys) {
  SslCtxPtr server = NewServer(absl::Now());
  EXPECT_EQ(keys_.use_count(), 2);
  server.reset();
  EXPECT_EQ(keys_.use_count(), 1);
}

}  // namespace
}  // namespace tallyman::server
