#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "base/status.h"

// OpenSSL's types, so that its headers stay in one file.
using SSL = struct ssl_st;
using SSL_CTX = struct ssl_ctx_st;
using BIO = struct bio_st;

namespace aiges::server {

// The TLS side of one connection: sealed bytes from the socket in, plain ones out, and the other
// way round. Knows no socket. Not thread-safe; under the connection's lock.
class TlsStream {
 public:
  explicit TlsStream(SSL* ssl);  // takes it over
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  void put_sealed(std::string_view bytes);
  // Fills `plain` with some of what arrived; false when there is nothing more.
  bool take_plain(std::string& plain);
  // Returns how many bytes were taken: none before the handshake is done.
  std::size_t put_plain(std::string_view bytes);
  bool take_sealed(std::string& sealed);
  // The peer broke the protocol, or its certificate was refused, or it said good-bye.
  bool broken() const { return broken_; }

 private:
  bool ready();
  SSL* const ssl_;
  BIO* const in_;
  BIO* const out_;
  bool broken_ = false;
};

// A certificate and its key, and whose certificates clients must show.
struct TlsFiles {
  std::string certificate;  // path of a PEM file: the certificate, then those that signed it
  std::string key;          // path of a PEM file
  std::string client_ca;    // path of a PEM file; empty: clients need no certificate
};

// Makes the TLS sides of connections. Thread-safe.
class TlsContext {
 public:
  static Result<std::unique_ptr<TlsContext>> open(TlsFiles files);
  ~TlsContext();

  std::unique_ptr<TlsStream> make_stream();
  // Reads the files again; new connections use what they say now. A failure changes nothing.
  Status reload();

 private:
  explicit TlsContext(TlsFiles files) : files_(std::move(files)) {}
  const TlsFiles files_;
  Mutex mutex_;
  SSL_CTX* context_ AIGES_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace aiges::server
