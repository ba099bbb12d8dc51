// Session resumption, across reloads and rotations of the ticket keys.

#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "server/net/transport.h"
#include "server/tls/openssl_pointers.h"
#include "server/tls/testing/test_certificates.h"
#include "server/tls/testing/tls_client.h"
#include "server/tls/testing/tls_pair.h"
#include "server/tls/ticket_keys.h"
#include "server/tls/tls_context.h"
#include "server/tls/tls_transport.h"

namespace tallyman::server {
namespace {

using State = Transport::State;

// Each test runs with the two versions.
class TlsResumptionTest : public testing::TestWithParam<int> {
 protected:
  std::unique_ptr<TlsContext> NewContext(const std::string& client_ca = "") {
    absl::StatusOr<std::unique_ptr<TlsContext>> context =
        TlsContext::Create({.cert_file = files_.server().cert_file,
                            .key_file = files_.server().key_file,
                            .client_ca_file = client_ca},
                           [this] { return now_; });
    CHECK_OK(context);
    return *std::move(context);
  }

  TlsClientOptions Options() const {
    return {.ca_file = files_.ca_file(), .max_version = GetParam()};
  }

  TlsClientOptions WithCertificate(const TestCertificates::Files& files) const {
    TlsClientOptions options = Options();
    options.cert_file = files.cert_file;
    options.key_file = files.key_file;
    return options;
  }

  // The session of a first connection.
  static SslSessionPtr FirstSession(const TlsContext& context,
                                    const TlsClientContext& client) {
    TlsPair pair = MakeTlsPair(context, client);
    CHECK(pair.handshake == State::kOk) << pair.server->error();
    CHECK(!pair.server->is_resumed());
    return TakeSession(pair);
  }

  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
  const platform::TempDirectory directory_;
  const TestCertificates files_{directory_.path()};
};

INSTANTIATE_TEST_SUITE_P(Versions, TlsResumptionTest,
                         testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const testing::TestParamInfo<int>& version) {
                           return version.param == TLS1_2_VERSION ? "Tls12"
                                                                  : "Tls13";
                         });

TEST_P(TlsResumptionTest, ResumesASession) {
  const std::unique_ptr<TlsContext> context = NewContext();
  const TlsClientContext client(Options());
  SslSessionPtr session = FirstSession(*context, client);
  for (int i = 0; i < 3; ++i) {
    TlsPair pair = MakeTlsPair(*context, client, session.get());
    ASSERT_EQ(pair.handshake, State::kOk) << pair.server->error();
    EXPECT_TRUE(pair.server->is_resumed());
    EXPECT_TRUE((*pair.client)->is_resumed());
    session = TakeSession(pair);
  }
}

TEST_P(TlsResumptionTest, SurvivesAReload) {
  const std::unique_ptr<TlsContext> context = NewContext();
  const TlsClientContext client(Options());
  const SslSessionPtr session = FirstSession(*context, client);
  files_.Write("server", files_.authority().Issue({.common_name = "renewed"}));
  ASSERT_TRUE(context->Reload().ok());
  const TlsPair pair = MakeTlsPair(*context, client, session.get());
  ASSERT_EQ(pair.handshake, State::kOk) << pair.server->error();
  EXPECT_TRUE(pair.server->is_resumed());
}

TEST_P(TlsResumptionTest, AnotherContextMakesAFullHandshake) {
  const std::unique_ptr<TlsContext> context = NewContext();
  const TlsClientContext client(Options());
  const SslSessionPtr session = FirstSession(*context, client);
  const std::unique_ptr<TlsContext> other = NewContext();
  const TlsPair pair = MakeTlsPair(*other, client, session.get());
  ASSERT_EQ(pair.handshake, State::kOk) << pair.server->error();
  EXPECT_FALSE(pair.server->is_resumed());
}

TEST_P(TlsResumptionTest, ATicketOfThePreviousKeyIsRenewed) {
  const std::unique_ptr<TlsContext> context = NewContext();
  const TlsClientContext client(Options());
  const SslSessionPtr first = FirstSession(*context, client);
  now_ += TicketKeys::kRotation;
  TlsPair pair = MakeTlsPair(*context, client, first.get());
  ASSERT_EQ(pair.handshake, State::kOk) << pair.server->error();
  EXPECT_TRUE(pair.server->is_resumed());
  const SslSessionPtr renewed = TakeSession(pair);
  now_ += TicketKeys::kRotation;
  EXPECT_TRUE(
      MakeTlsPair(*context, client, renewed.get()).server->is_resumed());
  EXPECT_FALSE(MakeTlsPair(*context, client, first.get()).server->is_resumed());
}

TEST_P(TlsResumptionTest, ClientsHaveOneTicketOfBoundedLife) {
  const std::unique_ptr<TlsContext> context = NewContext();
  const TlsClientContext client(Options());
  const SslSessionPtr session = FirstSession(*context, client);
  ASSERT_TRUE(SSL_SESSION_has_ticket(session.get()));
  EXPECT_EQ(SSL_SESSION_get_ticket_lifetime_hint(session.get()),
            std::chrono::seconds(TicketKeys::kRotation).count());
  EXPECT_EQ(SSL_SESSION_get_max_early_data(session.get()), 0u);
}

TEST_P(TlsResumptionTest, KeepsTheNameOfTheClient) {
  const std::unique_ptr<TlsContext> context = NewContext(files_.ca_file());
  const TlsClientContext client(WithCertificate(files_.client()));
  const SslSessionPtr session = FirstSession(*context, client);
  const TlsPair pair = MakeTlsPair(*context, client, session.get());
  ASSERT_EQ(pair.handshake, State::kOk) << pair.server->error();
  EXPECT_TRUE(pair.server->is_resumed());
  EXPECT_EQ(pair.server->peer_name(), "CN=client");
}

// A session must not give access that its client would not get now.
TEST_P(TlsResumptionTest, EndsWithTheAuthoritiesOfClients) {
  const std::string authorities = directory_.path() + "/clients.pem";
  WriteTestFile(authorities, files_.authority().cert());
  const std::unique_ptr<TlsContext> context = NewContext(authorities);
  const TlsClientContext client(WithCertificate(files_.client()));
  const SslSessionPtr session = FirstSession(*context, client);
  WriteTestFile(authorities, files_.other_authority().cert());
  ASSERT_TRUE(context->Reload().ok());
  const TlsPair pair = MakeTlsPair(*context, client, session.get());
  EXPECT_EQ(pair.handshake, State::kError);
  EXPECT_EQ(pair.server->peer_name(), "");
}

}  // namespace
}  // namespace tallyman::server
