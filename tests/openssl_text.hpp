// What OpenSSL writes, as text. For the sources that make certificates and tokens.
#pragma once

#include <openssl/bio.h>

#include <cstddef>
#include <string>

namespace parley::testing {

inline std::string written(auto write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  write(bio);
  char* begin = nullptr;
  const long size = BIO_get_mem_data(bio, &begin);
  std::string text(begin, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

}  // namespace parley::testing
