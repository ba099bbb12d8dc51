#include "server/tls/session_tickets.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/tls/openssl_error.h"
#include "server/tls/ticket_keys.h"

namespace tallyman::server {
namespace {

using SharedKeys = std::shared_ptr<TicketKeys>;

// A CRYPTO_EX_free(3).
void FreeKeys(void* /*parent*/, void* keys, CRYPTO_EX_DATA* /*data*/,
              int /*index*/, long /*argl*/,  // NOLINT(google-runtime-int)
              void* /*argp*/) {
  delete static_cast<SharedKeys*>(keys);
}

// Where a context has its SharedKeys. Negative without memory.
int KeysIndex() {
  static const int kIndex =
      SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, FreeKeys);
  return kIndex;
}

bool SetMacKey(EVP_MAC_CTX* mac, const TicketKey& key) {
  // The library does not write to them.
  const std::array<OSSL_PARAM, 3> params = {
      OSSL_PARAM_construct_octet_string(
          OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.mac_key.data()),
          key.mac_key.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                       const_cast<char*>("SHA256"), 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, params.data()) == 1;
}

// The results that SSL_CTX_set_tlsext_ticket_key_evp_cb(3) defines.
enum KeyResult { kKeyError = -1, kKeyUnknown = 0, kKeyUsed = 1, kKeyRenew = 2 };

int Encrypt(TicketKeys& keys, unsigned char* name, unsigned char* iv,
            EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  const std::shared_ptr<const TicketKey> key = keys.Current();
  if (key == nullptr || RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1 ||
      EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), key->cipher_key.data(), iv,
                          nullptr) != 1 ||
      !SetMacKey(mac, *key)) {
    return kKeyError;
  }
  std::memcpy(name, key->name.data(), key->name.size());
  return kKeyUsed;
}

int Decrypt(TicketKeys& keys, const unsigned char* name,
            const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  const TicketKeys::Found found =
      keys.Find({reinterpret_cast<const char*>(name),
                 std::tuple_size_v<decltype(TicketKey::name)>});
  if (found.key == nullptr) return kKeyUnknown;
  if (!SetMacKey(mac, *found.key) ||
      EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(),
                          found.key->cipher_key.data(), iv, nullptr) != 1) {
    return kKeyError;
  }
  return found.is_current ? kKeyUsed : kKeyRenew;
}

// The callback of SSL_CTX_set_tlsext_ticket_key_evp_cb(3).
int OnTicketKey(SSL* ssl, unsigned char* name, unsigned char* iv,
                EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int is_encrypting) {
  auto* const keys = static_cast<SharedKeys*>(
      SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), KeysIndex()));
  if (keys == nullptr) return kKeyError;
  return is_encrypting != 0 ? Encrypt(**keys, name, iv, cipher, mac)
                            : Decrypt(**keys, name, iv, cipher, mac);
}

// A ticket has the client's certificate, but not its chain: its time is all
// that can be checked again.
bool HasExpiredPeer(const SSL_SESSION* session) {
  // The parameter of SSL_SESSION_get0_peer() is not const, for no reason.
  const X509* const peer =
      SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session));
  return peer != nullptr &&
         X509_cmp_current_time(X509_get0_notAfter(peer)) <= 0;
}

// The callback of SSL_CTX_set_session_ticket_cb(3).
SSL_TICKET_RETURN OnTicketDecrypted(SSL* /*ssl*/, SSL_SESSION* session,
                                    const unsigned char* /*name*/,
                                    size_t /*name_size*/,
                                    SSL_TICKET_STATUS status, void* /*arg*/) {
  switch (status) {
    case SSL_TICKET_SUCCESS:
    case SSL_TICKET_SUCCESS_RENEW:
      if (HasExpiredPeer(session)) return SSL_TICKET_RETURN_IGNORE_RENEW;
      return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE
                                          : SSL_TICKET_RETURN_USE_RENEW;
    default:
      return SSL_TICKET_RETURN_IGNORE_RENEW;
  }
}

}  // namespace

absl::Status EnableSessionTickets(SSL_CTX* context,
                                  std::shared_ptr<TicketKeys> keys) {
  auto owned = std::make_unique<SharedKeys>(std::move(keys));
  if (KeysIndex() < 0 ||
      SSL_CTX_set_ex_data(context, KeysIndex(), owned.get()) != 1) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot keep ticket keys: ", TakeOpensslError()));
  }
  (void)owned.release();  // FreeKeys() frees it.
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, OnTicketKey);
  SSL_CTX_set_session_ticket_cb(context, nullptr, OnTicketDecrypted, nullptr);
  // Tickets work with the cache off; no session stays in memory.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(context,
                      std::chrono::seconds(TicketKeys::kRotation).count());
  // For TLS 1.3; TLS 1.2 has one always. A client that opens connections one by
  // one gets a new one each time.
  SSL_CTX_set_num_tickets(context, 1);
  return absl::OkStatus();
}

}  // namespace tallyman::server
