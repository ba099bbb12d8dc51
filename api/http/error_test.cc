#include "api/http/error.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/storage_error.h"

namespace tallyman::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ErrorTest, MapsStatusCodesToHttpAndHidesServerFaults) {
  const std::vector<std::pair<absl::StatusCode, int>> expected = {
      {absl::StatusCode::kInvalidArgument, 400},
      {absl::StatusCode::kOutOfRange, 400},
      {absl::StatusCode::kUnauthenticated, 401},
      {absl::StatusCode::kPermissionDenied, 403},
      {absl::StatusCode::kNotFound, 404},
      {absl::StatusCode::kAlreadyExists, 409},
      {absl::StatusCode::kFailedPrecondition, 409},
      {absl::StatusCode::kAborted, 409},
      {absl::StatusCode::kResourceExhausted, 429},
      {absl::StatusCode::kUnavailable, 503},
      {absl::StatusCode::kDeadlineExceeded, 503},
      {absl::StatusCode::kInternal, 500},
      {absl::StatusCode::kDataLoss, 500},
      {absl::StatusCode::kUnknown, 500},
  };
  for (const auto& [code, http_status] : expected) {
    const Error error = ErrorFromStatus(absl::Status(code, "why"));
    EXPECT_EQ(HttpStatus(error.kind), http_status) << code;
    if (http_status < 500) {
      EXPECT_EQ(error.details, "why") << code;
      EXPECT_EQ(error.log_reason, "") << code;
    } else {
      EXPECT_THAT(error.details, Not(HasSubstr("why"))) << code;
      EXPECT_EQ(error.log_reason, "why") << code;
    }
  }
}

TEST(ErrorTest, AStorageErrorIsAServerFaultWhateverItsCode) {
  for (const absl::StatusCode code :
       {absl::StatusCode::kFailedPrecondition, absl::StatusCode::kAlreadyExists,
        absl::StatusCode::kInvalidArgument}) {
    const Error error = ErrorFromStatus(
        storage::MarkStorageError(absl::Status(code, "/data/x: why")));
    EXPECT_EQ(HttpStatus(error.kind), 500) << code;
    EXPECT_THAT(error.details, Not(HasSubstr("/data"))) << code;
    EXPECT_EQ(error.log_reason, "/data/x: why") << code;
  }
}

TEST(ErrorTest, AServerFaultIsNeverBlamedOnTheClient) {
  const std::vector<std::pair<absl::StatusCode, int>> expected = {
      {absl::StatusCode::kPermissionDenied, 500},
      {absl::StatusCode::kNotFound, 500},
      {absl::StatusCode::kResourceExhausted, 503},
      {absl::StatusCode::kUnavailable, 503},
      {absl::StatusCode::kInternal, 500},
  };
  for (const auto& [code, http_status] : expected) {
    const Error error = ServerFault(absl::Status(code, "/data/x: why"));
    EXPECT_EQ(HttpStatus(error.kind), http_status) << code;
    EXPECT_THAT(error.details, Not(HasSubstr("/data"))) << code;
    EXPECT_EQ(error.log_reason, "/data/x: why") << code;
  }
  EXPECT_EQ(ServerFault(absl::UnavailableError("why"), "come back").details,
            "come back");
}

TEST(ErrorTest, FindsTheKindOfAnHttpStatus) {
  EXPECT_EQ(ErrorKindOfHttpStatus(413), ErrorKind::kPayloadTooLarge);
  EXPECT_EQ(ErrorKindOfHttpStatus(418), ErrorKind::kBadRequest);
  EXPECT_EQ(ErrorKindOfHttpStatus(502), ErrorKind::kInternal);
  EXPECT_EQ(ErrorName(ErrorKind::kThrottled), "throttled");
}

TEST(ErrorTest, PreconditionFailedIs412) {
  EXPECT_EQ(HttpStatus(ErrorKind::kPreconditionFailed), 412);
  EXPECT_EQ(ErrorName(ErrorKind::kPreconditionFailed), "precondition_failed");
  EXPECT_EQ(ErrorKindOfHttpStatus(412), ErrorKind::kPreconditionFailed);
}

}  // namespace
}  // namespace tallyman::api
