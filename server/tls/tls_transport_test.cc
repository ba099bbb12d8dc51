// Bytes through TlsTransport. Handshakes: tls_handshake_test.cc.

#include "server/tls/tls_transport.h"

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "server/net/testing/transport_io.h"
#include "server/net/transport.h"
#include "server/tls/testing/test_certificates.h"
#include "server/tls/testing/tls_client.h"
#include "server/tls/testing/tls_pair.h"
#include "server/tls/tls_context.h"

namespace tallyman::server {
namespace {

using State = Transport::State;

// A record of TLS: content type, version, size (RFC 8446, section 5.1).
constexpr size_t kRecordHeaderBytes = 5;

// `size` bytes that do not repeat in a period of a record.
std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>('a' + (i + i / 997) % 26);
  }
  return bytes;
}

// Each test runs with the two versions, over a complete handshake.
class TlsTransportTest : public testing::TestWithParam<int> {
 protected:
  TlsTransportTest() {
    const platform::TempDirectory directory;
    const TestCertificates files(directory.path());
    const std::unique_ptr<TlsContext> context =
        *TlsContext::Create({.cert_file = files.server().cert_file,
                             .key_file = files.server().key_file});
    pair_ =
        MakeTlsPair(*context, TlsClientContext({.ca_file = files.ca_file(),
                                                .max_version = GetParam()}));
    CHECK_OK(pair_.client);
    CHECK(pair_.handshake == State::kOk);
    // Takes the ticket of TLS 1.3 from the socket.
    TakeSession(pair_);
  }

  TlsTransport& server() { return *pair_.server; }
  TlsClient& client() { return **pair_.client; }

  State ReadByte() {
    char byte = 0;
    return server().Read(absl::MakeSpan(&byte, 1)).state;
  }

  // How many bytes wait in a socket.
  static size_t BytesIn(int fd) {
    std::array<char, 65536> buffer;
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), MSG_PEEK);
    CHECK_GE(got, 0);
    return static_cast<size_t>(got);
  }

  // Of the first record in a socket.
  static size_t RecordBytesIn(int fd) {
    std::array<unsigned char, kRecordHeaderBytes> header;
    CHECK_EQ(recv(fd, header.data(), header.size(), MSG_PEEK),
             static_cast<ssize_t>(header.size()));
    return kRecordHeaderBytes + header[3] * size_t{256} + header[4];
  }

  // Makes the server's socket take few bytes at a time.
  void ShrinkSendBuffer() {
    const int size = 4096;
    CHECK_EQ(
        setsockopt(server().fd(), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)),
        0);
  }

  TlsPair pair_{.client = absl::UnknownError("")};
};

INSTANTIATE_TEST_SUITE_P(Versions, TlsTransportTest,
                         testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const testing::TestParamInfo<int>& version) {
                           return version.param == TLS1_2_VERSION ? "Tls12"
                                                                  : "Tls13";
                         });

TEST_P(TlsTransportTest, ReadsWhatIsThereAndThenWaits) {
  EXPECT_EQ(ReadByte(), State::kWantRead);
  ASSERT_TRUE(client().Write("request").ok());
  std::array<char, 64> buffer;
  const Transport::Result got = server().Read(absl::MakeSpan(buffer));
  EXPECT_EQ(got.state, State::kOk);
  EXPECT_EQ(std::string_view(buffer.data(), got.bytes), "request");
  EXPECT_EQ(ReadByte(), State::kWantRead);
}

TEST_P(TlsTransportTest, ReadsTheRestOfARecord) {
  ASSERT_TRUE(client().Write("abc").ok());
  EXPECT_EQ(ReadByte(), State::kOk);
  EXPECT_EQ(ReadByte(), State::kOk);
  EXPECT_EQ(ReadByte(), State::kOk);
  EXPECT_EQ(ReadByte(), State::kWantRead);
}

TEST_P(TlsTransportTest, ReadsTheRecordsThatOneRecvTook) {
  ASSERT_TRUE(client().Write("a").ok());
  ASSERT_TRUE(client().Write("b").ok());
  EXPECT_EQ(ReadByte(), State::kOk);
  char byte = 0;
  EXPECT_EQ(recv(server().fd(), &byte, 1, 0), -1);  // The socket is empty.
  EXPECT_EQ(ReadByte(), State::kOk);
  EXPECT_EQ(ReadByte(), State::kWantRead);
}

// Half a record is not read until the rest comes: waiting must not be a loop.
TEST_P(TlsTransportTest, APartOfARecordIsAwaited) {
  // Takes a record of the client out of the socket and forwards it in parts.
  ASSERT_TRUE(client().Write("abc").ok());
  std::array<char, 256> record;
  const ssize_t size = recv(server().fd(), record.data(), record.size(), 0);
  ASSERT_GT(size, 10);
  const int client_fd = client().fd();
  ASSERT_EQ(send(client_fd, record.data(), 10, 0), 10);
  EXPECT_EQ(ReadByte(), State::kWantRead);
  ASSERT_EQ(send(client_fd, record.data() + 10, size - 10, 0), size - 10);
  EXPECT_EQ(ReadBlocking(server(), 3).bytes, "abc");
}

TEST_P(TlsTransportTest, ASmallResponseIsOneRecord) {
  const std::string body = Pattern(16000);
  EXPECT_EQ(server().Write("HTTP/1.1 200 OK\r\n\r\n", body).bytes, 16019u);
  EXPECT_EQ(RecordBytesIn(client().fd()), BytesIn(client().fd()));
  EXPECT_EQ(*client().ReadExactly(16019),
            absl::StrCat("HTTP/1.1 200 OK\r\n\r\n", body));
}

TEST_P(TlsTransportTest, WritesEitherAlone) {
  EXPECT_EQ(server().Write("head ", "").bytes, 5u);
  EXPECT_EQ(server().Write("", "body").bytes, 4u);
  EXPECT_EQ(*client().ReadExactly(9), "head body");
}

TEST_P(TlsTransportTest, WritesLargeHeadsAndBodies) {
  const std::string head = Pattern(100'000);
  const std::string body = Pattern(2'000'000);
  absl::StatusOr<std::string> received;
  std::thread receiver([&] { received = client().ReadAll(); });
  EXPECT_EQ(WriteBlocking(server(), head, body), State::kOk);
  EXPECT_EQ(CloseWriteBlocking(server()), State::kOk);
  receiver.join();
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_TRUE(*received == absl::StrCat(head, body));
}

TEST_P(TlsTransportTest, ABlockedWriteIsRepeatedFromAnotherBuffer) {
  ShrinkSendBuffer();
  const std::string all = Pattern(300'000);
  std::string_view rest = all;
  absl::StatusOr<std::string> received;
  std::thread receiver;
  size_t blocked = 0;
  // The parts end elsewhere at each call, the copies are at other places, and
  // there are more and more bytes.
  for (size_t calls = 0; !rest.empty(); ++calls) {
    const size_t size = std::min(rest.size(), 20'000 + calls);
    const std::string head(rest.substr(0, calls * 37 % size));
    const std::string body(rest.substr(head.size(), size - head.size()));
    const Transport::Result wrote = server().Write(head, body);
    if (wrote.state == State::kOk) {
      rest.remove_prefix(wrote.bytes);
      continue;
    }
    ASSERT_EQ(wrote.state, State::kWantWrite) << server().error();
    if (blocked++ == 0) {
      receiver = std::thread([&] { received = client().ReadAll(); });
    }
    AwaitReady(server(), wrote.state);
  }
  EXPECT_GT(blocked, 0u);
  EXPECT_EQ(CloseWriteBlocking(server()), State::kOk);
  receiver.join();
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_TRUE(*received == all);
}

TEST_P(TlsTransportTest, ABlockedWriteMustBeRepeated) {
  ShrinkSendBuffer();
  const std::string body = Pattern(100'000);
  while (server().Write("", body).state == State::kOk) {
  }
  EXPECT_EQ(server().Write("", "other").state, State::kError);
  EXPECT_EQ(server().error(), "TLS: a repeated write has fewer bytes");
}

TEST_P(TlsTransportTest, ReadsWhileAWriteIsBlocked) {
  ShrinkSendBuffer();
  const std::string bytes = Pattern(100'000);
  const std::string_view body = bytes;
  size_t sent = 0;
  Transport::Result wrote = server().Write("", body);
  while (wrote.state == State::kOk) {
    sent += wrote.bytes;
    wrote = server().Write("", body.substr(sent));
  }
  ASSERT_EQ(wrote.state, State::kWantWrite);
  ASSERT_TRUE(client().Write("next request").ok());
  EXPECT_EQ(ReadBlocking(server(), 12).bytes, "next request");
  absl::StatusOr<std::string> received;
  std::thread receiver([&] { received = client().ReadExactly(body.size()); });
  EXPECT_EQ(WriteBlocking(server(), "", body.substr(sent)), State::kOk);
  receiver.join();
  EXPECT_TRUE(received.ok() && *received == body);
}

TEST_P(TlsTransportTest, ReadsLargeRequests) {
  const std::string body = Pattern(1'000'000);
  absl::Status sent;
  std::thread sender([&] { sent = client().Write(body); });
  const ReadBytes got = ReadBlocking(server(), body.size());
  sender.join();
  EXPECT_TRUE(sent.ok()) << sent;
  EXPECT_TRUE(got.bytes == body);
}

TEST_P(TlsTransportTest, AnswersAfterThePeerHasClosedItsHalf) {
  ASSERT_TRUE(client().Write("request").ok());
  ASSERT_TRUE(client().CloseWrite().ok());
  const ReadBytes got = ReadAllBlocking(server());
  EXPECT_EQ(got.bytes, "request");
  EXPECT_EQ(got.state, State::kEnd);
  EXPECT_EQ(ReadByte(), State::kEnd);
  EXPECT_EQ(WriteBlocking(server(), "answer", ""), State::kOk);
  EXPECT_EQ(CloseWriteBlocking(server()), State::kOk);
  const absl::StatusOr<std::string> answer = client().ReadAll();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(*answer, "answer");
}

TEST_P(TlsTransportTest, ReadsAfterCloseWrite) {
  ASSERT_EQ(CloseWriteBlocking(server()), State::kOk);
  EXPECT_EQ(server().CloseWrite().state, State::kOk);
  EXPECT_EQ(*client().ReadAll(), "");
  char byte = 0;
  EXPECT_EQ(recv(client().fd(), &byte, 1, 0), 0);  // The TCP stream ends too.
  ASSERT_TRUE(client().Write("late").ok());
  EXPECT_EQ(ReadBlocking(server(), 4).bytes, "late");
}

TEST_P(TlsTransportTest, AnEndWithoutCloseNotifyIsAnError) {
  ASSERT_TRUE(client().Write("request").ok());
  ASSERT_EQ(shutdown(client().fd(), SHUT_WR), 0);
  const ReadBytes got = ReadAllBlocking(server());
  EXPECT_EQ(got.bytes, "request");
  EXPECT_EQ(got.state, State::kError);
  EXPECT_EQ(server().error(), "TLS: the peer ended without close_notify");
  // No alert was sent.
  char byte = 0;
  EXPECT_EQ(recv(client().fd(), &byte, 1, MSG_DONTWAIT), -1);
  EXPECT_EQ(ReadByte(), State::kError);
  EXPECT_EQ(server().Write("x", "").state, State::kError);
}

TEST_P(TlsTransportTest, AnEndInARecordIsAnError) {
  const std::array<char, 8> part = {23, 3, 3, 0, 100};
  ASSERT_EQ(send(client().fd(), part.data(), part.size(), 0), 8);
  ASSERT_EQ(shutdown(client().fd(), SHUT_WR), 0);
  EXPECT_EQ(ReadAllBlocking(server()).state, State::kError);
  EXPECT_EQ(server().error(), "TLS: the peer ended without close_notify");
}

TEST_P(TlsTransportTest, AForgedRecordIsAnError) {
  std::string record("\x17\x03\x03\x00\x30", kRecordHeaderBytes);
  record += std::string(0x30, 'x');
  ASSERT_EQ(send(client().fd(), record.data(), record.size(), 0),
            static_cast<ssize_t>(record.size()));
  EXPECT_EQ(ReadAllBlocking(server()).state, State::kError);
  EXPECT_EQ(server().error(), "TLS: decryption failed or bad record mac");
}

TEST_P(TlsTransportTest, WritingToAClosedPeerIsAnErrorAndNoSignal) {
  pair_.client = absl::UnknownError("closed");
  EXPECT_EQ(server().Write("head", "body").state, State::kError);
  EXPECT_EQ(server().error(), "TLS: Broken pipe");
  EXPECT_EQ(server().CloseWrite().state, State::kError);
}

TEST_P(TlsTransportTest, ClosingToAClosedPeerIsAnErrorAndNoSignal) {
  pair_.client = absl::UnknownError("closed");
  EXPECT_EQ(server().CloseWrite().state, State::kError);
  EXPECT_EQ(server().error(), "TLS: Broken pipe");
}

// A peer that closes with unread bytes resets the connection (unix(7), tcp(7)).
TEST_P(TlsTransportTest, AResetIsAnError) {
  ASSERT_EQ(WriteBlocking(server(), "unread", ""), State::kOk);
  pair_.client = absl::UnknownError("closed");
  EXPECT_EQ(ReadByte(), State::kError);
  EXPECT_EQ(server().error(), "TLS: Connection reset by peer");
}

TEST_P(TlsTransportTest, TheErrorsOfOneConnectionAreNotThoseOfAnother) {
  // Leaves an error in the thread's queue, as another library could.
  SSL_CTX_set_cipher_list(SSL_get_SSL_CTX(client().ssl()), "none such");
  EXPECT_EQ(ReadByte(), State::kWantRead);
  EXPECT_EQ(server().Write("x", "").state, State::kOk);
}

TEST_P(TlsTransportTest, FollowsKeyUpdates) {
  if (GetParam() != TLS1_3_VERSION) GTEST_SKIP() << "TLS 1.3 only";
  ASSERT_EQ(SSL_key_update(client().ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
  ASSERT_TRUE(client().Write("request").ok());
  EXPECT_EQ(ReadBlocking(server(), 7).bytes, "request");
  EXPECT_EQ(WriteBlocking(server(), "answer", ""), State::kOk);
  EXPECT_EQ(*client().ReadExactly(6), "answer");
}

}  // namespace
}  // namespace tallyman::server
