// Requests to real receivers on loopback addresses.

#include "server/webhooks/http_webhook_sender.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/temp_directory.h"
#include "server/tls/testing/test_certificates.h"
#include "server/webhooks/testing/receiver.h"
#include "stacks/webhooks/webhook_sender.h"
#include "stacks/webhooks/webhook_url.h"

namespace tallyman::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

stacks::WebhookHosts Hosts(const std::vector<std::string>& entries) {
  absl::StatusOr<stacks::WebhookHosts> hosts =
      stacks::WebhookHosts::Parse(entries);
  CHECK_OK(hosts);
  return *std::move(hosts);
}

stacks::WebhookRequest Request(const std::string& url) {
  absl::StatusOr<stacks::WebhookUrl> parsed = stacks::ParseWebhookUrl(url);
  CHECK_OK(parsed);
  return {.url = *std::move(parsed), .signature = "t=1,v1=00", .body = "{}"};
}

TEST(HttpWebhookSenderTest, PostsOverHttp) {
  Receiver receiver;
  const stacks::WebhookHosts hosts = Hosts({"http://127.0.0.1"});
  HttpWebhookSender sender(hosts, {});
  EXPECT_EQ(sender.Post(Request(receiver.url("/a%20b?to=ops"))).value(), 204);
  const ReceivedDelivery delivery = receiver.Await();
  EXPECT_EQ(delivery.target, "/a%20b?to=ops");
  EXPECT_EQ(delivery.host, absl::StrCat("127.0.0.1:", receiver.port()));
  EXPECT_EQ(delivery.signature, "t=1,v1=00");
  EXPECT_EQ(delivery.body, "{}");
}

TEST(HttpWebhookSenderTest, ReturnsAnyStatusAndFollowsNoRedirect) {
  Receiver receiver;
  Receiver other;
  const stacks::WebhookHosts hosts = Hosts({"http://127.0.0.1"});
  HttpWebhookSender sender(hosts, {});
  receiver.AnswerNext(500);
  EXPECT_EQ(sender.Post(Request(receiver.url("/"))).value(), 500);
  for (const int status : {301, 302, 307, 308}) {
    receiver.AnswerNext(status, other.url("/"));
    EXPECT_EQ(sender.Post(Request(receiver.url("/"))).value(), status);
  }
  EXPECT_EQ(other.waiting(), 0);
}

TEST(HttpWebhookSenderTest, ARefusedConnectionIsAnError) {
  std::string url;
  {
    const Receiver receiver;
    url = receiver.url("/");
  }
  const stacks::WebhookHosts hosts = Hosts({"http://127.0.0.1"});
  HttpWebhookSender sender(hosts, {});
  const absl::StatusOr<int> answer = sender.Post(Request(url));
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(answer.status().message(), HasSubstr("no answer"));
}

TEST(HttpWebhookSenderTest, AHostThatIsNotListedIsNotConnected) {
  Receiver receiver;
  const stacks::WebhookHosts hosts = Hosts({"127.0.0.1", "http://127.0.0.2"});
  HttpWebhookSender sender(hosts, {});
  // Only https is allowed there.
  EXPECT_EQ(sender.Post(Request(receiver.url("/"))).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(receiver.waiting(), 0);
}

TEST(HttpWebhookSenderTest, ANameThatLeadsToAPrivateAddressIsNotConnected) {
  Receiver receiver;
  std::vector<std::string> asked;
  const HttpWebhookSender::Resolve resolve =
      [&](const std::string& host) -> absl::StatusOr<std::vector<std::string>> {
    asked.push_back(host);
    return std::vector<std::string>{"127.0.0.1"};
  };
  const std::string url =
      absl::StrCat("http://hooks.example.com:", receiver.port(), "/");
  const stacks::WebhookHosts name = Hosts({"http://hooks.example.com"});
  HttpWebhookSender refusing(name, {.resolve = resolve});
  const absl::StatusOr<int> answer = refusing.Post(Request(url));
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(answer.status().message(), HasSubstr("127.0.0.1"));
  EXPECT_EQ(receiver.waiting(), 0);
  // The operator lists the address too.
  const stacks::WebhookHosts both =
      Hosts({"http://hooks.example.com", "http://127.0.0.1"});
  HttpWebhookSender sender(both, {.resolve = resolve});
  EXPECT_EQ(sender.Post(Request(url)).value(), 204);
  // It connected to the address that was checked: the name has no other.
  EXPECT_EQ(receiver.Await().host,
            absl::StrCat("hooks.example.com:", receiver.port()));
  EXPECT_THAT(asked, ElementsAre("hooks.example.com", "hooks.example.com"));
}

TEST(HttpWebhookSenderTest, TheFirstAllowedAddressIsUsed) {
  Receiver receiver;
  const stacks::WebhookHosts hosts =
      Hosts({"http://hooks.example.com", "http://127.0.0.1"});
  HttpWebhookSender sender(
      hosts,
      {.resolve =
           [](const std::string&) -> absl::StatusOr<std::vector<std::string>> {
        return std::vector<std::string>{"127.0.0.2", "10.0.0.1",
                                        "::ffff:127.0.0.1"};
      }});
  EXPECT_EQ(sender
                .Post(Request(absl::StrCat(
                    "http://hooks.example.com:", receiver.port(), "/")))
                .value(),
            204);
}

TEST(HttpWebhookSenderTest, TheSystemResolvesNames) {
  Receiver receiver;
  const stacks::WebhookHosts hosts =
      Hosts({"http://localhost", "http://127.0.0.1"});
  HttpWebhookSender sender(hosts, {});
  EXPECT_EQ(sender
                .Post(Request(
                    absl::StrCat("http://localhost:", receiver.port(), "/")))
                .value(),
            204);
}

TEST(HttpWebhookSenderTest, CertificatesAreChecked) {
  const platform::TempDirectory directory;
  const TestCertificates files(directory.path());
  Receiver receiver(files.server().cert_file, files.server().key_file);
  const stacks::WebhookHosts hosts = Hosts({"127.0.0.1", "other.example.com"});
  HttpWebhookSender trusting(hosts, {.ca_file = files.ca_file()});
  EXPECT_EQ(trusting.Post(Request(receiver.url("/"))).value(), 204);
  EXPECT_EQ(receiver.Await().body, "{}");
  // Another authority, those of the system, and a name that the certificate
  // does not have.
  HttpWebhookSender other(hosts, {.ca_file = files.other_ca_file()});
  EXPECT_FALSE(other.Post(Request(receiver.url("/"))).ok());
  HttpWebhookSender system(hosts, {});
  EXPECT_FALSE(system.Post(Request(receiver.url("/"))).ok());
  HttpWebhookSender misled(
      hosts,
      {.ca_file = files.ca_file(),
       .resolve =
           [](const std::string&) -> absl::StatusOr<std::vector<std::string>> {
         return std::vector<std::string>{"127.0.0.1"};
       }});
  EXPECT_FALSE(misled
                   .Post(Request(absl::StrCat(
                       "https://other.example.com:", receiver.port(), "/")))
                   .ok());
  EXPECT_EQ(receiver.waiting(), 0);
}

TEST(HttpWebhookSenderTest, AReceiverThatDoesNotAnswerIsLeft) {
  Receiver receiver;
  receiver.Hold();
  const stacks::WebhookHosts hosts = Hosts({"http://127.0.0.1"});
  HttpWebhookSender sender(hosts, {.exchange_timeout = absl::Milliseconds(50)});
  EXPECT_EQ(sender.Post(Request(receiver.url("/"))).status().code(),
            absl::StatusCode::kUnavailable);
}

// Accepts one connection, and sends a byte of an answer's first line each few
// milliseconds until the client closes.
class DrippingReceiver {
 public:
  DrippingReceiver()
      : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    CHECK_EQ(bind(listener_.get(), generic, size), 0);
    CHECK_EQ(listen(listener_.get(), 1), 0);
    CHECK_EQ(getsockname(listener_.get(), generic, &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Drip(); });
  }
  ~DrippingReceiver() { thread_.join(); }
  DrippingReceiver(const DrippingReceiver&) = delete;
  DrippingReceiver& operator=(const DrippingReceiver&) = delete;

  std::string url() const {
    return absl::StrCat("http://127.0.0.1:", port_, "/");
  }

 private:
  void Drip() const {
    const base::UniqueFd client(
        accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    CHECK(client.valid());
    constexpr int kPaceMilliseconds = 5;
    pollfd closing = {.fd = client.get(), .events = POLLRDHUP, .revents = 0};
    while (poll(&closing, 1, kPaceMilliseconds) == 0 &&
           send(client.get(), "H", 1, MSG_NOSIGNAL) == 1) {
    }
  }

  const base::UniqueFd listener_;
  int port_ = 0;
  std::thread thread_;
};

TEST(HttpWebhookSenderTest, AReceiverThatAnswersByteByByteIsLeft) {
  const DrippingReceiver receiver;
  const stacks::WebhookHosts hosts = Hosts({"http://127.0.0.1"});
  HttpWebhookSender sender(hosts,
                           {.exchange_timeout = absl::Milliseconds(100)});
  EXPECT_EQ(sender.Post(Request(receiver.url())).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(HttpWebhookSenderTest, AStopEndsARequestUnderWay) {
  Receiver receiver;
  receiver.Hold();
  const stacks::WebhookHosts hosts = Hosts({"http://127.0.0.1"});
  HttpWebhookSender sender(hosts, {.exchange_timeout = absl::Hours(1)});
  absl::StatusOr<int> answer;
  std::thread posting(
      [&] { answer = sender.Post(Request(receiver.url("/"))); });
  receiver.Await();
  sender.Stop();
  posting.join();
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(sender.Post(Request(receiver.url("/"))).status().code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace tallyman::server
