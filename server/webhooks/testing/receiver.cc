#include "server/webhooks/testing/receiver.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/log/check.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "httplib.h"

namespace tallyman::server {

Receiver::Receiver(const std::string& cert_file, const std::string& key_file,
                   int port)
    : scheme_(cert_file.empty() ? "http" : "https") {
  if (cert_file.empty()) {
    server_ = std::make_unique<httplib::Server>();
  } else {
    server_ = std::make_unique<httplib::SSLServer>(cert_file.c_str(),
                                                   key_file.c_str());
  }
  CHECK(server_->is_valid());
  server_->Post(".*", [this](const httplib::Request& request,
                             httplib::Response& response) {
    absl::MutexLock lock(&mutex_);
    Answer answer;
    if (!answers_.empty()) {
      answer = answers_.front();
      answers_.pop_front();
    }
    received_.push_back(
        {.target = request.target,
         .host = request.get_header_value("Host"),
         .signature = request.get_header_value("Tallyman-Signature"),
         .body = request.body,
         .status = answer.status});
    const auto is_released = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return !is_held_;
    };
    mutex_.Await(absl::Condition(&is_released));
    response.status = answer.status;
    if (!answer.location.empty()) {
      response.set_header("Location", answer.location);
    }
  });
  if (port == 0) {
    port_ = server_->bind_to_any_port("127.0.0.1");
    CHECK_GT(port_, 0);
  } else {
    CHECK(server_->bind_to_port("127.0.0.1", port));
    port_ = port;
  }
  thread_ = std::thread([this] { CHECK(server_->listen_after_bind()); });
  server_->wait_until_ready();
}

Receiver::~Receiver() {
  Release();
  server_->stop();
  thread_.join();
}

std::string Receiver::url(std::string_view target) const {
  return absl::StrCat(scheme_, "://127.0.0.1:", port_, target);
}

void Receiver::AnswerNext(int status, const std::string& location) {
  absl::MutexLock lock(&mutex_);
  answers_.push_back({.status = status, .location = location});
}

void Receiver::Hold() {
  absl::MutexLock lock(&mutex_);
  is_held_ = true;
}

void Receiver::Release() {
  absl::MutexLock lock(&mutex_);
  is_held_ = false;
}

ReceivedDelivery Receiver::Await() {
  absl::MutexLock lock(&mutex_);
  const auto has_received = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !received_.empty();
  };
  mutex_.Await(absl::Condition(&has_received));
  ReceivedDelivery delivery = std::move(received_.front());
  received_.pop_front();
  return delivery;
}

int Receiver::waiting() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(received_.size());
}

bool IsSignedBy(std::string_view secret, std::string_view signature,
                std::string_view body) {
  const std::pair<std::string_view, std::string_view> parts =
      absl::StrSplit(signature, absl::MaxSplits(',', 1));
  std::string_view time = parts.first;
  std::string_view hex = parts.second;
  if (!absl::ConsumePrefix(&time, "t=") || !absl::ConsumePrefix(&hex, "v1=")) {
    return false;
  }
  const std::string text = absl::StrCat(time, ".", body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest = {};
  unsigned int size = 0;
  CHECK(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(),
             digest.data(), &size) != nullptr);
  return absl::BytesToHexString(std::string_view(
             reinterpret_cast<const char*>(digest.data()), size)) == hex;
}

}  // namespace tallyman::server
