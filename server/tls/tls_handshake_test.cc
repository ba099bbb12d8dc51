// Handshakes of TlsTransport with OpenSSL's client.

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "server/net/testing/transport_io.h"
#include "server/net/transport.h"
#include "server/tls/testing/test_certificates.h"
#include "server/tls/testing/tls_client.h"
#include "server/tls/testing/tls_pair.h"
#include "server/tls/tls_context.h"
#include "server/tls/tls_transport.h"

namespace tallyman::server {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using State = Transport::State;

class TlsHandshakeTest : public testing::Test {
 protected:
  std::unique_ptr<TlsContext> NewContext(const std::string& client_ca = "") {
    absl::StatusOr<std::unique_ptr<TlsContext>> context =
        TlsContext::Create({.cert_file = files_.server().cert_file,
                            .key_file = files_.server().key_file,
                            .client_ca_file = client_ca});
    CHECK_OK(context);
    return *std::move(context);
  }

  TlsPair Connect(const TlsContext& context, TlsClientOptions options) {
    if (options.ca_file.empty()) options.ca_file = files_.ca_file();
    return MakeTlsPair(context, TlsClientContext(options));
  }

  const platform::TempDirectory directory_;
  const TestCertificates files_{directory_.path()};
  const std::unique_ptr<TlsContext> context_ = NewContext();
};

TEST_F(TlsHandshakeTest, SpeaksTls13) {
  const TlsPair pair = Connect(*context_, {});
  ASSERT_EQ(pair.handshake, State::kOk) << pair.server->error();
  ASSERT_TRUE(pair.client.ok()) << pair.client.status();
  EXPECT_EQ(pair.server->version(), "TLSv1.3");
  EXPECT_TRUE(pair.server->is_encrypted());
  EXPECT_FALSE(pair.server->is_resumed());
  EXPECT_EQ(pair.server->peer_name(), "");
  EXPECT_EQ(pair.server->error(), "");
  EXPECT_EQ((*pair.client)->server_subject(), "CN=localhost");
  EXPECT_EQ(pair.server->Handshake().state, State::kOk);
}

TEST_F(TlsHandshakeTest, SpeaksTls12) {
  const TlsPair pair = Connect(*context_, {.max_version = TLS1_2_VERSION});
  ASSERT_EQ(pair.handshake, State::kOk) << pair.server->error();
  ASSERT_TRUE(pair.client.ok()) << pair.client.status();
  EXPECT_EQ(pair.server->version(), "TLSv1.2");
}

TEST_F(TlsHandshakeTest, RefusesTls11) {
  const TlsPair pair = Connect(
      *context_, {.min_version = TLS1_VERSION, .max_version = TLS1_1_VERSION});
  EXPECT_EQ(pair.handshake, State::kError);
  EXPECT_EQ(pair.server->error(), "TLS: unsupported protocol");
  EXPECT_THAT(std::string(pair.client.status().message()),
              HasSubstr("protocol version"));
}

TEST_F(TlsHandshakeTest, RefusesUnsoundCiphers) {
  for (const char* const ciphers :
       {"ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384",
        "ECDHE-ECDSA-AES128-CCM"}) {
    const TlsPair pair = Connect(
        *context_, {.max_version = TLS1_2_VERSION, .tls12_ciphers = ciphers});
    EXPECT_EQ(pair.handshake, State::kError);
    EXPECT_EQ(pair.server->error(), "TLS: no shared cipher");
  }
}

TEST_F(TlsHandshakeTest, TheClientChoosesTheCipher) {
  for (const char* const cipher :
       {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305"}) {
    const TlsPair pair = Connect(
        *context_, {.max_version = TLS1_2_VERSION,
                    .tls12_ciphers = absl::StrCat(cipher, ":ECDHE+AESGCM")});
    ASSERT_TRUE(pair.client.ok()) << pair.client.status();
    EXPECT_STREQ(SSL_get_cipher_name((*pair.client)->ssl()), cipher);
  }
}

TEST_F(TlsHandshakeTest, SelectsHttp11) {
  const TlsPair pair = Connect(*context_, {.protocols = {"h2", "http/1.1"}});
  ASSERT_TRUE(pair.client.ok()) << pair.client.status();
  EXPECT_EQ((*pair.client)->protocol(), "http/1.1");
}

TEST_F(TlsHandshakeTest, NeedsNoAlpn) {
  const TlsPair pair = Connect(*context_, {});
  ASSERT_TRUE(pair.client.ok()) << pair.client.status();
  EXPECT_EQ((*pair.client)->protocol(), "");
}

TEST_F(TlsHandshakeTest, RefusesOtherProtocols) {
  const TlsPair pair = Connect(*context_, {.protocols = {"h2", "http/1."}});
  EXPECT_EQ(pair.handshake, State::kError);
  EXPECT_EQ(pair.server->error(), "TLS: no application protocol");
  EXPECT_THAT(std::string(pair.client.status().message()),
              HasSubstr("no application protocol"));
}

TEST_F(TlsHandshakeTest, AReloadChangesNewConnectionsOnly) {
  TlsPair before = Connect(*context_, {});
  files_.Write("server", files_.authority().Issue({.common_name = "renewed"}));
  ASSERT_TRUE(context_->Reload().ok());
  const TlsPair after = Connect(*context_, {});
  ASSERT_TRUE(after.client.ok()) << after.client.status();
  EXPECT_EQ((*after.client)->server_subject(), "CN=renewed");
  ASSERT_EQ(WriteBlocking(*before.server, "head", "body"), State::kOk);
  EXPECT_EQ(*(*before.client)->ReadExactly(8), "headbody");
}

TEST_F(TlsHandshakeTest, AConnectionOutlivesItsContext) {
  std::unique_ptr<TlsContext> context = NewContext();
  TlsPair pair = Connect(*context, {});
  context.reset();
  ASSERT_EQ(WriteBlocking(*pair.server, "head", "body"), State::kOk);
  EXPECT_EQ(*(*pair.client)->ReadExactly(8), "headbody");
}

TEST_F(TlsHandshakeTest, AClientMayDistrustTheServer) {
  const TlsPair pair = Connect(*context_, {.ca_file = files_.other_ca_file()});
  EXPECT_EQ(pair.handshake, State::kError);
  EXPECT_THAT(pair.server->error(), HasSubstr("alert unknown ca"));
  EXPECT_THAT(std::string(pair.client.status().message()),
              HasSubstr("certificate verify failed"));
}

TEST_F(TlsHandshakeTest, AcceptsTheClientsCertificate) {
  const std::unique_ptr<TlsContext> context = NewContext(files_.ca_file());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const TlsPair pair =
        Connect(*context, {.cert_file = files_.client().cert_file,
                           .key_file = files_.client().key_file,
                           .max_version = version});
    ASSERT_EQ(pair.handshake, State::kOk) << pair.server->error();
    EXPECT_EQ(pair.server->peer_name(), "CN=client");
  }
}

TEST_F(TlsHandshakeTest, RequiresAClientCertificate) {
  const std::unique_ptr<TlsContext> context = NewContext(files_.ca_file());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const TlsPair pair = Connect(*context, {.max_version = version});
    EXPECT_EQ(pair.handshake, State::kError);
    EXPECT_EQ(pair.server->error(), "TLS: peer did not return a certificate");
    EXPECT_EQ(pair.server->peer_name(), "");
  }
}

TEST_F(TlsHandshakeTest, RefusesClientsOfAnotherAuthority) {
  const std::unique_ptr<TlsContext> context = NewContext(files_.ca_file());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const TlsPair pair =
        Connect(*context, {.cert_file = files_.other_client().cert_file,
                           .key_file = files_.other_client().key_file,
                           .max_version = version});
    EXPECT_EQ(pair.handshake, State::kError);
    EXPECT_THAT(pair.server->error(),
                HasSubstr("TLS: certificate verify failed: unable to get"));
    EXPECT_EQ(pair.server->peer_name(), "");
  }
}

TEST_F(TlsHandshakeTest, ACertificateOfAServerIsNoneOfAClient) {
  const std::unique_ptr<TlsContext> context = NewContext(files_.ca_file());
  const TlsPair pair =
      Connect(*context, {.cert_file = files_.server().cert_file,
                         .key_file = files_.server().key_file});
  EXPECT_EQ(pair.handshake, State::kError);
  EXPECT_THAT(pair.server->error(), HasSubstr("certificate purpose"));
}

// With a client that was not asked, its certificate is not read.
TEST_F(TlsHandshakeTest, AsksForNoCertificateWithoutAuthorities) {
  const TlsPair pair =
      Connect(*context_, {.cert_file = files_.other_client().cert_file,
                          .key_file = files_.other_client().key_file});
  EXPECT_EQ(pair.handshake, State::kOk);
  EXPECT_EQ(pair.server->peer_name(), "");
}

// The server's alert is a warning, which OpenSSL's client answers with a fatal
// one.
TEST_F(TlsHandshakeTest, RefusesRenegotiation) {
  TlsPair pair = Connect(*context_, {.max_version = TLS1_2_VERSION});
  ASSERT_TRUE(pair.client.ok()) << pair.client.status();
  ASSERT_EQ(SSL_renegotiate((*pair.client)->ssl()), 1);
  std::string failure;
  std::thread client([&] {
    failure = std::string((*pair.client)->Write("request").message());
  });
  EXPECT_EQ(ReadBlocking(*pair.server, 1).state, State::kError);
  client.join();
  EXPECT_THAT(failure, HasSubstr("no renegotiation"));
  EXPECT_THAT(pair.server->error(), HasSubstr("alert handshake failure"));
}

TEST_F(TlsHandshakeTest, PlainHttpIsNamed) {
  SocketPair sockets = MakeSocketPair();
  const std::unique_ptr<TlsTransport> transport =
      *TlsTransport::Accept(*context_, std::move(sockets.server));
  const std::string request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_EQ(send(sockets.client.get(), request.data(), request.size(), 0),
            static_cast<ssize_t>(request.size()));
  EXPECT_EQ(HandshakeBlocking(*transport), State::kError);
  EXPECT_EQ(transport->error(), "TLS: http request");
}

TEST_F(TlsHandshakeTest, GarbageIsAnErrorWithAReason) {
  for (const std::string& garbage :
       {std::string("\x16\x03\x01\x00\x04garb", 9), std::string(600, '\0'),
        std::string(600, '\xff'), std::string("SSH-2.0-OpenSSH_9.2\r\n")}) {
    SocketPair sockets = MakeSocketPair();
    const std::unique_ptr<TlsTransport> transport =
        *TlsTransport::Accept(*context_, std::move(sockets.server));
    ASSERT_EQ(send(sockets.client.get(), garbage.data(), garbage.size(), 0),
              static_cast<ssize_t>(garbage.size()));
    EXPECT_EQ(HandshakeBlocking(*transport), State::kError);
    EXPECT_GT(transport->error().size(), std::string("TLS: ").size());
    EXPECT_THAT(transport->error(), Not(HasSubstr("unknown error")));
    EXPECT_THAT(transport->error(), Not(HasSubstr("OpenSSH")));
    EXPECT_EQ(transport->Handshake().state, State::kError);
    EXPECT_EQ(transport->CloseWrite().state, State::kError);
  }
}

TEST_F(TlsHandshakeTest, AnEndInTheHandshakeIsNamed) {
  for (const std::string& first :
       {std::string(), std::string("\x16\x03\x01\x02", 4)}) {
    SocketPair sockets = MakeSocketPair();
    const std::unique_ptr<TlsTransport> transport =
        *TlsTransport::Accept(*context_, std::move(sockets.server));
    EXPECT_EQ(transport->Handshake().state, State::kWantRead);
    ASSERT_EQ(send(sockets.client.get(), first.data(), first.size(), 0),
              static_cast<ssize_t>(first.size()));
    sockets.client.reset();
    EXPECT_EQ(HandshakeBlocking(*transport), State::kError);
    EXPECT_EQ(transport->error(), "TLS: the peer ended the handshake");
  }
}

// One recv(2) may take the end of the handshake and the request; then the
// socket shows nothing.
TEST_F(TlsHandshakeTest, ReadsARequestThatFollowsTheHandshake) {
  SocketPair sockets = MakeSocketPair();
  const std::unique_ptr<TlsTransport> transport =
      *TlsTransport::Accept(*context_, std::move(sockets.server));
  const TlsClientContext options({.ca_file = files_.ca_file()});
  absl::StatusOr<std::unique_ptr<TlsClient>> client;
  std::thread connecting([&] {
    client = TlsClient::Connect(options, std::move(sockets.client));
    CHECK_OK(client);
    CHECK_OK((*client)->Write("request"));
  });
  AwaitReady(*transport, State::kWantRead);
  // kOk if the client's answer comes during the call.
  EXPECT_THAT(transport->Handshake().state,
              AnyOf(State::kWantRead, State::kOk));
  connecting.join();
  EXPECT_EQ(transport->Handshake().state, State::kOk);
  std::array<char, 64> buffer;
  const Transport::Result got = transport->Read(absl::MakeSpan(buffer));
  EXPECT_EQ(got.state, State::kOk);
  EXPECT_EQ(std::string_view(buffer.data(), got.bytes), "request");
}

TEST_F(TlsHandshakeTest, AConnectionMayBeClosedInTheHandshake) {
  SocketPair sockets = MakeSocketPair();
  const std::unique_ptr<TlsTransport> transport =
      *TlsTransport::Accept(*context_, std::move(sockets.server));
  EXPECT_EQ(transport->Handshake().state, State::kWantRead);
  EXPECT_EQ(transport->CloseWrite().state, State::kOk);
  char byte = 0;
  EXPECT_EQ(recv(sockets.client.get(), &byte, 1, 0), 0);
}

}  // namespace
}  // namespace tallyman::server
