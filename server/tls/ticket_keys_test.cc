#include "server/tls/ticket_keys.h"

#include <chrono>
#include <memory>
#include <string>

#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

class TicketKeysTest : public testing::Test {
 protected:
  static std::string NameOf(const TicketKey& key) {
    return {reinterpret_cast<const char*>(key.name.data()), key.name.size()};
  }

  steady_clock::time_point now_{std::chrono::hours(1)};
  TicketKeys keys_{[this] { return now_; }};
};

TEST_F(TicketKeysTest, AKeyIsFoundByItsName) {
  const std::shared_ptr<const TicketKey> key = keys_.Current();
  ASSERT_NE(key, nullptr);
  const TicketKeys::Found found = keys_.Find(NameOf(*key));
  EXPECT_EQ(found.key, key);
  EXPECT_TRUE(found.is_current);
  EXPECT_EQ(keys_.Find(std::string(16, '\0')).key, nullptr);
  EXPECT_EQ(keys_.Find("").key, nullptr);
}

TEST_F(TicketKeysTest, TwoObjectsHaveDifferentKeys) {
  TicketKeys others;
  const std::shared_ptr<const TicketKey> key = keys_.Current();
  const std::shared_ptr<const TicketKey> other = others.Current();
  EXPECT_NE(key->name, other->name);
  EXPECT_NE(key->cipher_key, other->cipher_key);
  EXPECT_NE(key->mac_key, other->mac_key);
  EXPECT_NE(key->cipher_key, key->mac_key);
}

TEST_F(TicketKeysTest, AKeyEncryptsForOneRotation) {
  const std::shared_ptr<const TicketKey> key = keys_.Current();
  now_ += TicketKeys::kRotation - nanoseconds(1);
  EXPECT_EQ(keys_.Current(), key);
  now_ += nanoseconds(1);
  EXPECT_NE(keys_.Current(), key);
}

TEST_F(TicketKeysTest, AKeyDecryptsForTwoRotations) {
  const std::shared_ptr<const TicketKey> key = keys_.Current();
  now_ += TicketKeys::kRotation;
  const TicketKeys::Found found = keys_.Find(NameOf(*key));
  EXPECT_EQ(found.key, key);
  EXPECT_FALSE(found.is_current);
  now_ += TicketKeys::kRotation - nanoseconds(1);
  EXPECT_EQ(keys_.Find(NameOf(*key)).key, key);
  now_ += nanoseconds(1);
  EXPECT_EQ(keys_.Find(NameOf(*key)).key, nullptr);
}

TEST_F(TicketKeysTest, AKeyThatNobodyUsedEndsInTime) {
  const std::shared_ptr<const TicketKey> key = keys_.Current();
  now_ += 2 * TicketKeys::kRotation;
  EXPECT_EQ(keys_.Find(NameOf(*key)).key, nullptr);
  EXPECT_NE(keys_.Current(), key);
}

// The key begins when it is made, not when its predecessor ended.
TEST_F(TicketKeysTest, EveryTicketLivesForOneRotation) {
  keys_.Current();
  now_ += TicketKeys::kRotation * 3 / 2;
  const std::shared_ptr<const TicketKey> key = keys_.Current();
  now_ += TicketKeys::kRotation - nanoseconds(1);
  ASSERT_EQ(keys_.Current(), key);
  now_ += TicketKeys::kRotation;
  EXPECT_EQ(keys_.Find(NameOf(*key)).key, key);
}

}  // namespace
}  // namespace tallyman::server
