#include "server/tls/tls_context.h"

#include <sys/stat.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "server/tls/certificate_text.h"
#include "server/tls/testing/test_certificates.h"

namespace tallyman::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TlsContextTest : public testing::Test {
 protected:
  std::string PathOf(const std::string& name) const {
    return absl::StrCat(directory_.path(), "/", name);
  }

  std::string Write(const std::string& name, const std::string& contents) {
    WriteTestFile(PathOf(name), contents);
    return PathOf(name);
  }

  TlsOptions Server() const {
    return {.cert_file = files_.server().cert_file,
            .key_file = files_.server().key_file};
  }

  static absl::Status ErrorOf(const TlsOptions& options) {
    return TlsContext::Create(options).status();
  }

  const platform::TempDirectory directory_;
  const TestCertificates files_{directory_.path()};
};

TEST_F(TlsContextTest, KnowsItsCertificate) {
  const absl::Time expiry = absl::FromUnixSeconds(4'000'000'000);
  const TestCertificates::Files files = files_.Write(
      "new", files_.authority().Issue(
                 {.common_name = "example.org", .not_after = expiry}));
  const absl::StatusOr<std::unique_ptr<TlsContext>> context =
      TlsContext::Create(
          {.cert_file = files.cert_file, .key_file = files.key_file});
  ASSERT_TRUE(context.ok()) << context.status();
  EXPECT_EQ((*context)->subject(), "CN=example.org");
  EXPECT_EQ((*context)->certificate_expiry(), expiry);
  EXPECT_THAT((*context)->warnings(), IsEmpty());
  EXPECT_NE((*context)->NewConnection(), nullptr);
}

TEST_F(TlsContextTest, TheFirstExpiryOfAChainCounts) {
  const absl::Time late = absl::FromUnixSeconds(4'000'000'000);
  const TestCertificate certificate =
      files_.authority().Issue({.not_after = late});
  const std::string chain = Write(
      "chain.pem", absl::StrCat(certificate.cert, files_.authority().cert()));
  const absl::StatusOr<std::unique_ptr<TlsContext>> context =
      TlsContext::Create(
          {.cert_file = chain, .key_file = Write("key", certificate.key)});
  ASSERT_TRUE(context.ok()) << context.status();
  EXPECT_LT((*context)->certificate_expiry(), late);
  EXPECT_EQ((*context)->subject(), "CN=localhost");
}

TEST_F(TlsContextTest, OneFileMayHaveCertificateAndKey) {
  const TestCertificate certificate = files_.authority().Issue({});
  const std::string both =
      Write("both.pem", absl::StrCat(certificate.key, certificate.cert));
  EXPECT_TRUE(ErrorOf({.cert_file = both, .key_file = both}).ok());
}

TEST_F(TlsContextTest, AMissingFileIsNamed) {
  TlsOptions options = Server();
  options.cert_file = PathOf("none.pem");
  absl::Status status = ErrorOf(options);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(absl::StrCat("certificate file \"",
                                           options.cert_file, "\"")),
                    HasSubstr("No such file")));
  options = Server();
  options.key_file = PathOf("none.key");
  status = ErrorOf(options);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat("key file \"", options.key_file, "\"")));
  options = Server();
  options.client_ca_file = PathOf("none_ca.pem");
  status = ErrorOf(options);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("client CA file"));
}

TEST_F(TlsContextTest, AFileThatIsNotPemIsNamed) {
  const std::string noise = Write("noise", "noise\n");
  TlsOptions options = Server();
  options.cert_file = noise;
  EXPECT_EQ(ErrorOf(options), absl::InvalidArgumentError(absl::StrCat(
                                  "certificate file \"", noise,
                                  "\" has no certificate in PEM format")));
  options = Server();
  options.key_file = noise;
  EXPECT_EQ(
      ErrorOf(options),
      absl::InvalidArgumentError(absl::StrCat(
          "key file \"", noise, "\" has no valid private key in PEM format")));
  options.cert_file = directory_.path();
  EXPECT_THAT(std::string(ErrorOf(options).message()),
              HasSubstr("is not a regular file"));
  options.cert_file = Write("empty", "");
  EXPECT_THAT(std::string(ErrorOf(options).message()),
              HasSubstr("has no certificate"));
}

TEST_F(TlsContextTest, AMalformedCertificateIsCounted) {
  TlsOptions options = Server();
  options.cert_file =
      Write("broken.pem", absl::StrCat(files_.authority().cert(),
                                       "-----BEGIN CERTIFICATE-----\nAAAA\n"
                                       "-----END CERTIFICATE-----\n"));
  EXPECT_THAT(std::string(ErrorOf(options).message()),
              HasSubstr("has a malformed certificate, number 2: "));
}

TEST_F(TlsContextTest, TheKeyMustMatch) {
  TlsOptions options = Server();
  options.key_file = files_.other_key_file();
  EXPECT_EQ(ErrorOf(options),
            absl::InvalidArgumentError(absl::StrCat(
                "key file \"", options.key_file,
                "\" does not match the first certificate of certificate file "
                "\"",
                options.cert_file, "\"")));
}

TEST_F(TlsContextTest, AWrongOrderIsExplained) {
  const TestCertificate certificate = files_.authority().Issue({});
  EXPECT_THAT(std::string(ErrorOf({.cert_file = Write(
                                       "wrong.pem",
                                       absl::StrCat(files_.authority().cert(),
                                                    certificate.cert)),
                                   .key_file = Write("key", certificate.key)})
                              .message()),
              HasSubstr("put the certificate of the key first"));
}

TEST_F(TlsContextTest, APassphraseIsNotAskedFor) {
  TlsOptions options = Server();
  options.key_file = Write("secret.key", NewTestKey("passphrase"));
  EXPECT_THAT(std::string(ErrorOf(options).message()),
              HasSubstr("is protected by a passphrase"));
}

TEST_F(TlsContextTest, AnExpiredCertificateIsAWarning) {
  const absl::StatusOr<std::unique_ptr<TlsContext>> context =
      TlsContext::Create({.cert_file = files_.expired().cert_file,
                          .key_file = files_.expired().key_file});
  ASSERT_TRUE(context.ok()) << context.status();
  EXPECT_THAT((*context)->warnings(),
              ElementsAre(AllOf(HasSubstr(files_.expired().cert_file),
                                HasSubstr("expired 3 days ago"))));
}

TEST_F(TlsContextTest, ACertificateOfTheFutureIsAWarning) {
  const TestCertificates::Files files = files_.Write(
      "future", files_.authority().Issue(
                    {.not_before = absl::FromUnixSeconds(4'000'000'000),
                     .not_after = absl::FromUnixSeconds(4'100'000'000)}));
  const absl::StatusOr<std::unique_ptr<TlsContext>> context =
      TlsContext::Create(
          {.cert_file = files.cert_file, .key_file = files.key_file});
  ASSERT_TRUE(context.ok()) << context.status();
  EXPECT_THAT(
      (*context)->warnings(),
      ElementsAre(HasSubstr("is not valid before 2096-10-02T07:06:40Z")));
}

TEST_F(TlsContextTest, AKeyForAllUsersIsAWarning) {
  const std::string& key_file = files_.server().key_file;
  ASSERT_EQ(chmod(key_file.c_str(), 0644), 0);
  const absl::StatusOr<std::unique_ptr<TlsContext>> context =
      TlsContext::Create(Server());
  ASSERT_TRUE(context.ok()) << context.status();
  EXPECT_THAT((*context)->warnings(),
              ElementsAre(AllOf(HasSubstr(key_file),
                                HasSubstr("accessible to all users"))));
  // Groups such as Debian's ssl-cert are usual.
  ASSERT_EQ(chmod(key_file.c_str(), 0640), 0);
  ASSERT_TRUE((*context)->Reload().ok());
  EXPECT_THAT((*context)->warnings(), IsEmpty());
}

TEST_F(TlsContextTest, ReloadReadsTheFilesAgain) {
  const std::unique_ptr<TlsContext> context = *TlsContext::Create(Server());
  EXPECT_EQ(context->subject(), "CN=localhost");
  files_.Write("server", files_.authority().Issue({.common_name = "renewed"}));
  EXPECT_EQ(context->subject(), "CN=localhost");
  EXPECT_TRUE(context->Reload().ok());
  EXPECT_EQ(context->subject(), "CN=renewed");
}

TEST_F(TlsContextTest, AFailedReloadChangesNothing) {
  const std::unique_ptr<TlsContext> context = *TlsContext::Create(Server());
  const TestCertificate renewed =
      files_.authority().Issue({.common_name = "renewed"});
  // The new certificate is there, its key is not yet.
  Write("server.pem", renewed.cert);
  EXPECT_THAT(std::string(context->Reload().message()),
              HasSubstr("does not match"));
  EXPECT_EQ(context->subject(), "CN=localhost");
  EXPECT_NE(context->NewConnection(), nullptr);
  Write("server.key", renewed.key);
  EXPECT_TRUE(context->Reload().ok());
  EXPECT_EQ(context->subject(), "CN=renewed");
}

TEST_F(TlsContextTest, ThreadsReloadAndConnect) {
  const std::unique_ptr<TlsContext> context = *TlsContext::Create(Server());
  constexpr int kThreads = 4;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) {
        if (i == 0) CHECK_OK(context->Reload());
        CHECK(context->NewConnection() != nullptr);
        CHECK_EQ(context->subject(), "CN=localhost");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tallyman::server
