// The functions of Python that the guides' programs use: float() and sum().
#pragma once

#include <parley/wkt.hpp>

#include <numeric>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace python {

// Accepts numbers, truth values and texts that contain a number. Throws std::logic_error for
// anything else.
inline double float_of(const parley::value& given) {
  if (const auto* number = std::get_if<double>(&given.kind)) return *number;
  if (const auto* truth = std::get_if<bool>(&given.kind)) return *truth ? 1 : 0;
  const auto* text = std::get_if<std::string>(&given.kind);
  std::size_t used = 0;
  const double number = text ? std::stod(*text, &used) : 0;
  if (!text || text->find_first_not_of(" \t\n\r\v\f", used) != text->npos) throw std::invalid_argument("could not convert to float");
  return number;
}

template <class Values>
double sum(const Values& given) {
  return std::accumulate(given.begin(), given.end(), 0.0, [](double sum, const parley::value& one) { return sum + float_of(one); });
}

}  // namespace python
