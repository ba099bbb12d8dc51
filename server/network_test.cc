// End to end: TLS, several addresses, Unix sockets, proxies and names, by the
// binary itself.

#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/temp_directory.h"
#include "server/net/testing/test_sockets.h"
#include "server/tls/testing/test_certificates.h"
#include "server/tls/testing/tls_client.h"
#include "tools/harness/http_client.h"
#include "tools/harness/server_process.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

base::UniqueFd ConnectToPort(int port) {
  base::UniqueFd fd = NewSocket(AF_INET);
  CHECK_EQ(Connect(fd, V4(port)), 0);
  return fd;
}

std::string Get(std::string_view path, std::string_view headers = "") {
  return absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: localhost\r\n", headers,
                      "Connection: close\r\n\r\n");
}

// Sends a request over a plain connection and reads up to its end.
std::string Ask(const base::UniqueFd& fd, std::string_view request) {
  CHECK_EQ(send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL),
           static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  while (true) {
    const ssize_t got = recv(fd.get(), buffer, sizeof(buffer), 0);
    if (got <= 0) return answer;
    answer.append(buffer, static_cast<size_t>(got));
  }
}

class NetworkTest : public testing::Test {
 protected:
  std::string DataDirFlag() const {
    return absl::StrCat("--data_dir=", directory_.path(), "/data");
  }
  std::vector<std::string> TlsFlags(
      const TestCertificates::Files& files) const {
    return {DataDirFlag(), absl::StrCat("--tls_cert=", files.cert_file),
            absl::StrCat("--tls_key=", files.key_file)};
  }
  TlsClientContext ClientContext() const {
    return TlsClientContext({.ca_file = certificates_.ca_file()});
  }

  const platform::TempDirectory directory_;
  const TestCertificates certificates_{directory_.path()};
};

TEST_F(NetworkTest, ServesOverTls) {
  harness::ServerProcess server(TlsFlags(certificates_.server()));
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  EXPECT_THAT(server.standard_output(), HasSubstr("https://127.0.0.1:"));
  const TlsClientContext context = ClientContext();
  auto client = TlsClient::Connect(context, ConnectToPort(server.port()));
  ASSERT_TRUE(client.ok()) << client.status();
  ASSERT_TRUE((*client)
                  ->Write(Get("/server/processes?limit=1",
                              absl::StrCat("Authorization: Bearer ",
                                           server.shown_token(), "\r\n")))
                  .ok());
  const absl::StatusOr<std::string> answer = (*client)->ReadAll();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(*answer, HasSubstr("HTTP/1.1 200 OK"));
  EXPECT_THAT(*answer, HasSubstr("Strict-Transport-Security: max-age="));
  EXPECT_THAT(*answer, HasSubstr("\"status_code\":200"));
  EXPECT_TRUE(server.WaitForLog("\"certificate\""));
}

TEST_F(NetworkTest, ClearTextToTheTlsPortIsRefusedAndHarmsNobody) {
  harness::ServerProcess server(TlsFlags(certificates_.server()));
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  EXPECT_THAT(Ask(ConnectToPort(server.port()), Get("/healthz")),
              Not(HasSubstr("HTTP/1.1 200")));
  const TlsClientContext context = ClientContext();
  EXPECT_TRUE(TlsClient::Connect(context, ConnectToPort(server.port())).ok());
}

TEST_F(NetworkTest, ReloadsTheCertificateWithoutLosingAConnection) {
  const TestCertificates::Files files =
      certificates_.Write("current", {.cert = "", .key = ""});
  const auto use = [&](const TestCertificates::Files& other) {
    for (const auto& [from, to] : {std::pair(other.cert_file, files.cert_file),
                                   std::pair(other.key_file, files.key_file)}) {
      std::filesystem::copy_file(
          from, to, std::filesystem::copy_options::overwrite_existing);
    }
  };
  use(certificates_.server());
  harness::ServerProcess server(TlsFlags(files));
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  const TlsClientContext context({.ca_file = "", .server_name = ""});
  auto old = TlsClient::Connect(context, ConnectToPort(server.port()));
  ASSERT_TRUE(old.ok()) << old.status();
  EXPECT_EQ((*old)->server_subject(), "CN=localhost");

  use(certificates_.client());
  server.Signal(SIGHUP);
  ASSERT_TRUE(server.WaitForLog("CN=client"));
  auto fresh = TlsClient::Connect(context, ConnectToPort(server.port()));
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_EQ((*fresh)->server_subject(), "CN=client");

  // A bad one is refused, and the good one stays.
  WriteTestFile(files.cert_file, "nonsense");
  server.Signal(SIGHUP);
  ASSERT_TRUE(server.WaitForLog("certificate_not_read"));
  auto last = TlsClient::Connect(context, ConnectToPort(server.port()));
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ((*last)->server_subject(), "CN=client");
  ASSERT_TRUE((*old)->Write(Get("/healthz")).ok());
  const absl::StatusOr<std::string> answer = (*old)->ReadAll();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(*answer, HasSubstr("HTTP/1.1 200"));
}

TEST_F(NetworkTest, WantsClientCertificates) {
  std::vector<std::string> flags = TlsFlags(certificates_.server());
  flags.push_back(absl::StrCat("--tls_client_ca=", certificates_.ca_file()));
  harness::ServerProcess server(flags);
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  const TlsClientContext with({.ca_file = certificates_.ca_file(),
                               .cert_file = certificates_.client().cert_file,
                               .key_file = certificates_.client().key_file});
  auto client = TlsClient::Connect(with, ConnectToPort(server.port()));
  ASSERT_TRUE(client.ok()) << client.status();
  ASSERT_TRUE((*client)->Write(Get("/healthz")).ok());
  const absl::StatusOr<std::string> answer = (*client)->ReadAll();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(*answer, HasSubstr("HTTP/1.1 200"));

  const TlsClientContext without = ClientContext();
  auto other = TlsClient::Connect(without, ConnectToPort(server.port()));
  // With TLS 1.3 the refusal follows the client's handshake.
  const bool is_served = other.ok() && (*other)->Write(Get("/healthz")).ok() &&
                         (*other)->ReadAll().ok();
  EXPECT_FALSE(is_served);
  EXPECT_TRUE(server.WaitForLog("connection_dropped"));
}

TEST_F(NetworkTest, ListensOnSeveralAddresses) {
  // The server finds a relative path below its working directory.
  const SocketDirectory sockets;
  const std::string path = absl::StrCat(sockets.path(), "/api.sock");
  std::vector<std::string> flags = TlsFlags(certificates_.server());
  flags.push_back(
      "--listen=http://127.0.0.1:0,https://127.0.0.1:0,unix:api.sock");
  flags.push_back("--unix_socket_mode=0600");
  {
    harness::ServerProcess server(
        flags,
        {absl::StrCat("BUILD_WORKING_DIRECTORY=",
                      std::filesystem::read_symlink(sockets.path()).string())});
    ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
    EXPECT_THAT(server.standard_output(), HasSubstr("https://127.0.0.1:"));
    EXPECT_THAT(server.standard_output(), HasSubstr("unix:api.sock"));
    EXPECT_EQ(harness::HttpClient(server.port()).Get("/healthz").status, 200);
    struct stat status = {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    const base::UniqueFd client = NewSocket(AF_UNIX);
    ASSERT_EQ(Connect(client, Unix(path)), 0);
    EXPECT_THAT(Ask(client, Get("/healthz")), HasSubstr("HTTP/1.1 200"));
    EXPECT_TRUE(server.WaitForLog("\"remote\":\"unix:uid="));
    server.Signal(SIGTERM);
    EXPECT_EQ(server.Wait(), 0);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(NetworkTest, RefusesHostsOfOthers) {
  harness::ServerProcess server(
      {DataDirFlag(), "--allowed_hosts=tallyman.example,.lab.example"});
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  const auto status_of = [&](std::string_view host) {
    harness::HttpClient client(server.port());
    client.Send(
        absl::StrCat("GET /healthz HTTP/1.1\r\nHost: ", host, "\r\n\r\n"));
    return client.Receive().status;
  };
  for (const std::string_view host :
       {"localhost", "127.0.0.1:1", "[::1]", "tallyman.example:8880",
        "Tallyman.Example", "a.lab.example"}) {
    EXPECT_EQ(status_of(host), 200) << host;
  }
  for (const std::string_view host :
       {"evil.example", "tallyman.example.evil.example",
        "localhost.evil.example", "xlab.example"}) {
    EXPECT_EQ(status_of(host), 421) << host;
  }
}

// Without close_notify a client cannot tell the end from an attack (RFC 8446,
// section 6.1).
TEST_F(NetworkTest, AnIdleTlsConnectionEndsWithCloseNotify) {
  harness::ServerProcess server(TlsFlags(certificates_.server()));
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  const TlsClientContext context = ClientContext();
  auto client = TlsClient::Connect(context, ConnectToPort(server.port()));
  ASSERT_TRUE(client.ok()) << client.status();
  ASSERT_TRUE((*client)
                  ->Write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                  .ok());
  std::string answer;
  while (!absl::StrContains(answer, "\r\n\r\n")) {
    const absl::StatusOr<std::string> byte = (*client)->ReadExactly(1);
    ASSERT_TRUE(byte.ok()) << byte.status();
    answer += *byte;
  }
  server.Signal(SIGTERM);
  const absl::StatusOr<std::string> rest = (*client)->ReadAll();
  EXPECT_TRUE(rest.ok()) << rest.status();
}

TEST_F(NetworkTest, BelievesTrustedProxiesOnly) {
  const std::string header = "X-Forwarded-For: 192.0.2.7\r\n";
  {
    harness::ServerProcess server({DataDirFlag()});
    ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
    Ask(ConnectToPort(server.port()), Get("/healthz", header));
    EXPECT_TRUE(server.WaitForLog("\"remote\":\"127.0.0.1\""));
  }
  harness::ServerProcess server({DataDirFlag(), "--trusted_proxies=127.0.0.1"});
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  Ask(ConnectToPort(server.port()), Get("/healthz", header));
  EXPECT_TRUE(server.WaitForLog("\"remote\":\"192.0.2.7\""));
  Ask(ConnectToPort(server.port()),
      Get("/healthz", absl::StrCat(header, "Forwarded: for=192.0.2.8\r\n")));
  EXPECT_TRUE(server.WaitForLog(
      "\"remote\":\"127.0.0.1\",\"forwarding_conflict\":true"));
}

TEST_F(NetworkTest, WarnsOfClearTextBeyondLoopback) {
  harness::ServerProcess server({DataDirFlag(), "--listen=0.0.0.0"});
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  EXPECT_TRUE(server.WaitForLog("clear_text"));
  EXPECT_THAT(server.standard_error(), HasSubstr("WARNING: no TLS"));
}

TEST_F(NetworkTest, FlagsThatContradictAreOneLineErrors) {
  const auto expect_failure = [&](const std::vector<std::string>& flags,
                                  std::string_view text) {
    std::vector<std::string> all = flags;
    all.push_back(DataDirFlag());
    harness::ServerProcess server(all);
    EXPECT_NE(server.Wait(), 0);
    EXPECT_THAT(server.standard_error(), HasSubstr(text));
    const std::string error = server.standard_error();
    EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 1) << error;
  };
  expect_failure({"--tls_cert=/x"}, "--tls_key");
  expect_failure({"--listen=https://127.0.0.1"}, "needs --tls_cert");
  expect_failure({"--listen=unix:"}, "--listen");
  expect_failure({"--tls_cert=/none.pem", "--tls_key=/none.key"}, "/none");
  expect_failure({"--trusted_proxies=10.0.0.1/8"}, "--trusted_proxies");
  expect_failure({"--allowed_hosts=a b"}, "--allowed_hosts");
  expect_failure({"--unix_socket_mode=9"}, "--unix_socket_mode");
}

TEST_F(NetworkTest, TheMetricsShowWhenTheCertificateExpires) {
  constexpr int64_t kExpiry = 4'102'444'800;
  const TestCertificates::Files files = certificates_.Write(
      "late", certificates_.authority().Issue(
                  {.not_after = absl::FromUnixSeconds(kExpiry)}));
  std::vector<std::string> flags = TlsFlags(files);
  flags.emplace_back("--metrics_public");
  harness::ServerProcess server(flags);
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  const TlsClientContext context = ClientContext();
  auto client = TlsClient::Connect(context, ConnectToPort(server.port()));
  ASSERT_TRUE(client.ok()) << client.status();
  ASSERT_TRUE((*client)->Write(Get("/metrics")).ok());
  const absl::StatusOr<std::string> answer = (*client)->ReadAll();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(*answer,
              HasSubstr("\ntallyman_ssl_earliest_cert_expiry 4102444800\n"));
}

}  // namespace
}  // namespace tallyman::server
