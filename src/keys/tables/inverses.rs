//! Montgomery's trick.

/// An element of a field.
pub(in crate::keys) trait FieldElement: Copy {
    const ONE: Self;

    fn times(&self, other: &Self) -> Self;

    /// Its inverse; what that of 0 is does not matter.
    fn inverse(&self) -> Self;
}

/// The inverses of many elements at the cost of one. None may be 0.
pub(in crate::keys) fn inverses<F: FieldElement>(elements: &[F]) -> Vec<F> {
    let mut product = F::ONE;
    // Of all elements before each.
    let mut products: Vec<F> = Vec::with_capacity(elements.len());
    for element in elements {
        products.push(product);
        product = product.times(element);
    }
    let mut rest = product.inverse();
    for (out, element) in products.iter_mut().zip(elements).rev() {
        *out = out.times(&rest);
        rest = rest.times(element);
    }
    products
}
