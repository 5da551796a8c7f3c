#pragma once

#include <memory>

namespace understudy {

template <auto Destroy>
struct c_deleter {
    template <class T>
    void operator()(T* object) const noexcept
    {
        Destroy(object);
    }
};

/// An object of a C library that is owned here, in the size of a pointer.
template <class T, auto Destroy>
using c_handle = std::unique_ptr<T, c_deleter<Destroy>>;

}  // namespace understudy
