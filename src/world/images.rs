//! The images that machines of a world share, by digest.

#![expect(clippy::disallowed_types, reason = "a base image is immutable content behind an Arc")]

use std::collections::BTreeMap;
use std::sync::Arc;

use bevy_ecs::resource::Resource;

use crate::base::digest::Digest;
use crate::fs::Image;

/// Every image some machine was made from.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct Images {
    images: BTreeMap<Digest, Arc<Image>>,
}

impl Images {
    /// Keeps an image; one that is known already is shared.
    pub(crate) fn add(&mut self, image: Arc<Image>) -> Arc<Image> {
        Arc::clone(self.images.entry(image.digest()).or_insert(image))
    }

    /// Keeps an image that a savegame gave.
    ///
    /// # Errors
    ///
    /// The digest it has, which is not the one that was written.
    pub(crate) fn load(&mut self, image: Image, digest: Digest) -> Result<(), Digest> {
        if image.digest() != digest {
            return Err(image.digest());
        }
        self.images.insert(digest, Arc::new(image));
        Ok(())
    }

    /// The image of this digest.
    pub(crate) fn get(&self, digest: Digest) -> Option<Arc<Image>> {
        self.images.get(&digest).cloned()
    }

    /// All images, by digest.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (Digest, &Image)> {
        self.images.iter().map(|(digest, image)| (*digest, &**image))
    }
}
