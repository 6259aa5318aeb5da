// What lies under the pointer, or has the focus.

export const idAt = (event) => event.target.closest?.("[data-id]")?.dataset.id ?? null;
